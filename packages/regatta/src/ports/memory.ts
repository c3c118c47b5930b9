/**
 * The seam to what an agent knows beside its prompt: memories of earlier work, and knowledge of documents.
 *
 * One port serves both: knowledge is a memory that nothing is added to.
 */
import type { RunContext } from './run-context.ts';

/** Something that a memory gave. Plain JSON: it is journaled. */
export interface Recollection {
  readonly text: string;
  /** Where it comes from, as the agent is told: a file, a conversation, a day. */
  readonly source: string;
}

export interface MemoryQuery {
  /** The task, shortened where it is long. */
  readonly text: string;
  /** More are not used. */
  readonly limit: number;
}

/** A task that an agent has done. */
export interface Experience {
  readonly task: string;
  readonly answer: string;
}

/**
 * Keeps what agents learn, outside of any run. Who may see what is its own affair: it is told the run's
 * `context`, such as the tenant, and the agent and task of the span. It stops when `context.signal` is
 * aborted. What goes wrong it throws.
 */
export interface Memory {
  /** In events, and in errors. */
  readonly name: string;
  /** What may help with a task, the best first. */
  recall(query: MemoryQuery, context: RunContext): Promise<readonly Recollection[]>;
  /**
   * Takes an experience over. May be told the same one twice when a run is resumed: the id of the span in
   * `context` is the same then. Absent = it is only read.
   */
  remember?(experience: Experience, context: RunContext): Promise<void>;
  /** Forgets all that was remembered. Absent = there is nothing to forget. */
  reset?(): Promise<void>;
}

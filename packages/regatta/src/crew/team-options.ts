/** How the agents of a crew work together, as data. */

/** One answer of several to a task. */
export interface Candidate {
  /** The role of who gave it. */
  readonly agent: string;
  readonly text: string;
  /** By the task's output schema; undefined without one. */
  readonly parsed: unknown;
}

export interface DecideFacts {
  readonly runId: string;
  readonly task: string;
  readonly signal: AbortSignal;
}

/** Gives the place of the answer that wins. */
export type Decide = (candidates: readonly Candidate[], facts: DecideFacts) => number | Promise<number>;

export interface TeamOptions {
  /** How often one piece of work may be handed on. */
  readonly maxDelegationDepth: number;
  /** Rounds in which a manager may send work back. */
  readonly maxRevisions: number;
  readonly decide: 'judge' | 'vote' | Decide;
  /** Answers that a consensus needs; undefined = more than half. */
  readonly quorum: number | undefined;
}

/** Deep enough for an expert's expert; each level multiplies what a task may cost. */
const MAX_DELEGATION_DEPTH = 3;
/** What is not right after two corrections needs other instructions. */
const MAX_REVISIONS = 2;

export function withTeamDefaults({
  maxDelegationDepth = MAX_DELEGATION_DEPTH,
  maxRevisions = MAX_REVISIONS,
  decide = 'judge',
  quorum,
}: { readonly [K in keyof TeamOptions]?: TeamOptions[K] | undefined }): TeamOptions {
  return Object.freeze({ maxDelegationDepth, maxRevisions, decide, quorum });
}

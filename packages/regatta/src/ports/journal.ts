/**
 * The seam to what survives a process: runs, and what came from outside in them.
 *
 * A record has a key that is derived from its place in the run, so it is the same when the run is
 * repeated, whatever is done first. The first record of a key stays. Who holds a run has its newest
 * epoch; whoever holds an older one may write nothing more.
 */
import type { Json } from '../base/json.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';
import type { ErrorData, RunStatus } from '../protocol/output.ts';
import type { UsageTotals } from '../protocol/usage.ts';

/** Short hashes of what a definition says, by part and field, such as `agent "writer"` and `goal`. */
export type Fingerprint = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What a run is, written once when it starts. */
export interface RunRecord {
  readonly runId: string;
  readonly name: string;
  /** Where the definition can be loaded; null = only where it was started. */
  readonly ref: CrewRef | null;
  readonly fingerprint: Fingerprint;
  readonly inputs: Json;
  /** What it was started with beside its inputs, such as files to read; null = nothing. */
  readonly settings: Json;
  /** Wall clock, milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** What chance in this run is derived from: a whole number below 2^32. */
  readonly seed: number;
  /** The run that it was forked from, the task or step from which it differs, and how many of its first records are that run's. */
  readonly parent: { readonly runId: string; readonly from: string; readonly kept: number } | null;
}

/** How a run, or a process's part of it, ended. */
export interface RunEnding {
  readonly status: RunStatus;
  readonly output: Json;
  readonly error: ErrorData | null;
  readonly usage: UsageTotals;
}

/** A run as the journal has it. */
export interface JournaledRun extends RunRecord {
  /** `running` until it has ended: also of a run whose process was killed. */
  readonly status: 'running' | RunStatus;
  /** How often it was taken up: 1 for a run that was never resumed. */
  readonly epoch: number;
  /** Who holds it, in words; null = nobody, or nobody who is still alive. */
  readonly heldBy: string | null;
  /** Of the last write, milliseconds since the epoch. */
  readonly updatedAtMs: number;
  /** Null while it is `running`. */
  readonly ending: RunEnding | null;
}

export interface StepRecord {
  /** The span's id without the run's, a colon, and what of it is recorded: `report/agent/turn-1:model`. */
  readonly key: string;
  readonly value: Json;
}

/** A run with its records, in the order in which they were written. */
export interface JournaledSteps {
  readonly run: JournaledRun;
  readonly records: readonly StepRecord[];
}

export interface Written {
  /** Whether this write made the record. */
  readonly isFirst: boolean;
  /** What the record says: another value where somebody was first. */
  readonly value: Json;
}

export interface RunFilter {
  readonly runId?: string;
  readonly name?: string;
  readonly status?: JournaledRun['status'];
  /** @default 100 */
  readonly limit?: number;
}

export interface PrunePolicy {
  /** Removes runs that ended longer ago. @default 0: any */
  readonly olderThanMs?: number;
  /** Keeps the newest of those that ended. @default 0 */
  readonly keep?: number;
}

/**
 * Runs and their records. Any number of runs and processes may use one at once.
 *
 * A promise resolves once what it is about would survive the process. Whatever fails to be written
 * rejects with RegattaError `journal/failed`: nothing is lost without a word.
 */
export interface Journal {
  /** Writes a new run, held by the caller in epoch 1, with `records` to begin with. @throws RegattaError `journal/run-exists` */
  create(run: RunRecord, records: readonly StepRecord[]): Promise<void>;
  /**
   * Takes a run that nobody holds: it is `running`, in the next epoch, and all of it is read. Of two
   * that claim at once, one gets it. A holder that is known to be dead holds nothing; `takeOver` takes
   * the run whoever holds it.
   *
   * @throws RegattaError `journal/unknown-run` or `journal/held`
   */
  claim(runId: string, options: { readonly takeOver: boolean }): Promise<JournaledSteps>;
  /** All of a run in one read, whoever holds it. */
  read(runId: string): Promise<JournaledSteps | undefined>;
  find(runId: string, key: string): Promise<StepRecord | undefined>;
  /**
   * Writes a record unless its key has one. `epoch` is the writer's hold; null = an answer from
   * somebody who holds nothing.
   *
   * @throws RegattaError `journal/lost` for an epoch that is not the newest; `journal/unknown-run`
   */
  write(runId: string, record: StepRecord, epoch: number | null): Promise<Written>;
  /** Says how the run ended, and lets go of it. @throws as `write` */
  end(runId: string, ending: RunEnding, epoch: number): Promise<void>;
  /** The newest first. */
  list(filter?: RunFilter): Promise<readonly JournaledRun[]>;
  /** Removes runs that nobody holds, with their records. Gives how many. */
  remove(runIds: readonly string[]): Promise<number>;
  /** Removes runs that have `succeeded`, `failed` or were `cancelled`. Those that can go on stay. */
  prune(policy: PrunePolicy): Promise<number>;
  /** Waits for what is under way, and releases file and thread. Idempotent. */
  close(): Promise<void>;
}

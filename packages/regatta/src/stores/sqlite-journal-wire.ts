/** What is said between a SQLite journal and its thread. */
import type { PrunePolicy, RunEnding, RunFilter, RunRecord, StepRecord } from '../ports/journal.ts';
import type { ErrorData } from '../protocol/output.ts';

export interface JournalData {
  /** Absolute. */
  readonly file: string;
  readonly leaseMs: number;
  readonly busyTimeoutMs: number;
}

/** What changes the file. All that wait go into one transaction, in this order. */
export type Change =
  | { readonly op: 'create'; readonly run: RunRecord; readonly records: readonly StepRecord[] }
  | { readonly op: 'claim'; readonly runId: string; readonly takeOver: boolean }
  | {
      readonly op: 'write';
      readonly runId: string;
      readonly record: StepRecord;
      readonly epoch: number | null;
    }
  | { readonly op: 'end'; readonly runId: string; readonly ending: RunEnding; readonly epoch: number }
  /** A sign of life of the runs that this process holds. */
  | { readonly op: 'renew'; readonly held: readonly (readonly [runId: string, epoch: number])[] }
  | { readonly op: 'remove'; readonly runIds: readonly string[] }
  | { readonly op: 'prune'; readonly policy: PrunePolicy };

export type Query =
  | { readonly op: 'read'; readonly runId: string }
  | { readonly op: 'find'; readonly runId: string; readonly key: string }
  | { readonly op: 'list'; readonly filter: RunFilter };

export type ToJournal =
  | { readonly id: number; readonly call: Change | Query }
  | { readonly id: number; readonly call: { readonly op: 'close' } };

export type FromJournal =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: ErrorData };

/** What became of a run's events, counted. */
import type { LaneCounts } from '../observe/lane.ts';

/** `balance` is 0, or an event was lost without being counted. */
export interface Audit {
  /** Events that the run emitted. */
  readonly emitted: number;
  /** Events handed to observers: each counts once for each that hears it. */
  readonly offered: number;
  readonly delivered: number;
  readonly failed: number;
  readonly dropped: number;
  /** Pieces of answers that were joined to the piece before them. */
  readonly coalesced: number;
  readonly pending: number;
  /** `offered` less all of the above. */
  readonly balance: number;
  /** Events that a failed transform kept from observers. */
  readonly withheld: number;
  /** What an engine told when the run had ended: nobody hears it. */
  readonly late: number;
  /** Work that goes on although its caller was freed. */
  readonly orphaned: number;
  /** Attempts that are not settled in the ledger. */
  readonly openAttempts: number;
  readonly lanes: readonly LaneCounts[];
}

export function auditOf(
  lanes: readonly LaneCounts[],
  rest: Pick<Audit, 'emitted' | 'withheld' | 'late' | 'orphaned' | 'openAttempts'>,
): Audit {
  const sum = (pick: (lane: LaneCounts) => number): number =>
    lanes.reduce((all, lane) => all + pick(lane), 0);
  const offered = sum((lane) => lane.offered);
  const delivered = sum((lane) => lane.delivered);
  const failed = sum((lane) => lane.failed);
  const dropped = sum((lane) => lane.dropped.full + lane.dropped.broken);
  const coalesced = sum((lane) => lane.coalesced);
  const pending = sum((lane) => lane.pending);
  const balance = offered - delivered - failed - dropped - coalesced - pending;
  return { ...rest, offered, delivered, failed, dropped, coalesced, pending, balance, lanes };
}

/** The seam to the ledger: a call is announced before it is made, and settled before its promise is. */
import type { LedgerEntry, Usage, UsageReport } from '../protocol/usage.ts';

/** What a call is about to spend on. */
export interface Attempt {
  readonly callId: string;
  /** From 1. */
  readonly attempt: number;
  readonly model: string;
  readonly task: string | null;
  readonly agent: string | null;
}

/** How an attempt ended. */
export interface Settlement {
  readonly status: LedgerEntry['status'];
  readonly usage: Usage;
  readonly source: LedgerEntry['source'];
  readonly costNanoUsd: number | null;
}

export interface Reservation {
  /** Writes the attempt's one entry, synchronously. A second call changes nothing. */
  settle(settlement: Settlement): void;
}

export interface Meter {
  reserve(attempt: Attempt): Reservation;
  /** The run's totals so far. */
  report(): UsageReport;
}

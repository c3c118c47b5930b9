/** The seam to the ledger: a call is announced before it is made, and settled before its promise is. */
import type { LedgerEntry, Usage, UsageReport } from '../protocol/usage.ts';

/** What a call may use at most, as far as can be told before it is made. */
export interface Estimate {
  readonly tokens: number;
  /** `null` = the model's price is not known. */
  readonly costNanoUsd: number | null;
}

/** What a call is about to spend on. */
export interface Attempt {
  readonly callId: string;
  /** From 1. */
  readonly attempt: number;
  readonly model: string;
  readonly task: string | null;
  readonly agent: string | null;
  /** Called only where a budget or a limit needs it. */
  readonly estimate: () => Estimate;
}

/** How an attempt ended. */
export interface Settlement {
  readonly status: LedgerEntry['status'];
  readonly usage: Usage;
  readonly source: LedgerEntry['source'];
  readonly costNanoUsd: number | null;
}

/** Takes back what was reserved, and books what was really used; null = the call was not made. */
export type Settle = (used: Pick<LedgerEntry, 'usage' | 'costNanoUsd'> | null) => void;

export interface Reservation {
  /** Writes the attempt's one entry, synchronously. A second call changes nothing. */
  settle(settlement: Settlement): void;
}

export interface Meter {
  /**
   * Waits for its turn where there are rate limits, then reserves what the call may need.
   *
   * @throws RegattaError `budget/exceeded` or `budget/unpriced`; the signal's reason while it waits.
   */
  reserve(attempt: Attempt, signal: AbortSignal): Reservation | Promise<Reservation>;
  /** The run's totals so far. */
  report(): UsageReport;
}

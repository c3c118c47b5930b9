/** The seam to whoever bounds how often models are asked in a minute, and for how much. */
import type { Attempt, Settle } from './meter.ts';

export interface RateLimits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
}

export interface Limiter {
  /**
   * Waits until an attempt may begin. In no 60 seconds does more than the limit begin; whoever comes first
   * goes first, and who is aborted leaves. What the attempt took then counts in place of what it might need.
   *
   * @throws RegattaError `limit/too-small` for one that never may; the signal's reason.
   */
  acquire(attempt: Pick<Attempt, 'model' | 'estimate'>, signal: AbortSignal): Promise<Settle>;
}

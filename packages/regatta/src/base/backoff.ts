/** How long to wait before something is tried again. */
import type { Random } from './clock.ts';

export interface Backoff {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly random: Random;
}

/** Milliseconds after `tries` that failed: doubled each time, with jitter, so that callers spread out. */
export function backoffMs(tries: number, { minDelayMs, maxDelayMs, random }: Backoff): number {
  const ceiling = Math.min(maxDelayMs, minDelayMs * 2 ** (tries - 1));
  return Math.round(minDelayMs / 2 + random() * (ceiling - minDelayMs / 2));
}

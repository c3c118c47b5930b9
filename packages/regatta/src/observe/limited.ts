/** A ledger's seam for spans whose scope has limits of its own: a call waits for its turn in each of them. */
import type { Limiter } from '../ports/limiter.ts';
import type { Attempt, Meter, Reservation } from '../ports/meter.ts';
import type { Entry, LimitEntry, Scope } from '../ports/scope.ts';

/** The same limiter for the same entry, in all runs of a runtime. */
export type LimiterOf = (entry: LimitEntry) => Limiter;

/** `meter` itself where the scope has no limits, which is nearly always. */
export function limited(meter: Meter, scope: Scope, limiterOf: LimiterOf): Meter {
  if (!scope.some(isLimit)) return meter;
  const limiters = scope.filter(isLimit).map(limiterOf);
  return {
    async reserve(attempt: Attempt, signal: AbortSignal): Promise<Reservation> {
      for (const limiter of limiters) await limiter.acquire(attempt, signal);
      return await meter.reserve(attempt, signal);
    },
    report: () => meter.report(),
  };
}

function isLimit(entry: Entry): entry is LimitEntry {
  return entry.kind === 'limit';
}

import { MAX_TIMER_MS } from './problems.ts';

/** Settles with `work`, which must not reject, or after `ms`. Leaves no timer. */
export function waitAtMost(work: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, MAX_TIMER_MS));
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

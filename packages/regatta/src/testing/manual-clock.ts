/** A clock that stands still until a test moves it. */
import type { Clock } from '../base/clock.ts';

export interface ManualClock extends Clock {
  /** Moves on by `ms`; who sleeps until then wakes in order, each before the time goes on. */
  advance(ms: number): Promise<void>;
  /** Lets everything that waits for no time come to rest. */
  settle(): Promise<void>;
  /** Sleepers. */
  readonly timers: number;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** @param startMs what both clocks show at first */
export function createManualClock(startMs = 0): ManualClock {
  let now = startMs;
  const sleepers = new Set<Sleeper>();
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        };
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal.removeEventListener('abort', stop);
          resolve();
        };
        const sleeper = { at: now + ms, wake };
        sleepers.add(sleeper);
        signal.addEventListener('abort', stop, { once: true });
      }),
    settle,
    async advance(ms) {
      const end = now + ms;
      await settle();
      while (true) {
        const next = [...sleepers].sort((one, other) => one.at - other.at)[0];
        if (next === undefined || next.at > end) break;
        now = next.at;
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
    get timers() {
      return sleepers.size;
    },
  };
}

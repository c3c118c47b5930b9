/** Time and chance as values, so that tests and replays decide them. */

export interface Clock {
  /** Wall clock, milliseconds since the epoch. For people and logs, never for order or durations. */
  now(): number;
  /** Monotonic milliseconds, for durations. */
  monotonic(): number;
  /** Resolves after `ms`. Rejects with the signal's reason as soon as it is aborted, and leaves no timer. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** A sleep that others may end. */
export interface Nap {
  readonly over: Promise<void>;
  /** Idempotent. */
  wake(): void;
}

export function nap(clock: Clock, ms: number): Nap {
  const woken = new AbortController();
  return { over: clock.sleep(ms, woken.signal).catch(() => undefined), wake: () => woken.abort() }; // it fails only when woken
}

/** A number in [0, 1), as `Math.random`. */
export type Random = () => number;

export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal.addEventListener('abort', stop, { once: true });
    }),
});

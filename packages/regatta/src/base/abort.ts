/**
 * Cancellation that frees the caller at once.
 *
 * A `CancelScope` narrows a signal by a deadline and races work against it. Work that ignores its
 * signal goes on behind the caller's back; it is handed to `onOrphan`, so that it is counted.
 */
export interface CancelScopeOptions {
  /** Milliseconds until `timeoutReason()` aborts the scope. No limit when absent. */
  readonly timeoutMs?: number | undefined;
  readonly timeoutReason?: () => Error;
  /** Gets work that was still going on when its caller was freed. */
  readonly onOrphan?: (work: Promise<unknown>) => void;
}

/** A signal that ends with its parent, at a deadline, or by `abort`. `close` removes every listener and timer. */
export class CancelScope {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #onOrphan: ((work: Promise<unknown>) => void) | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  /** Who waits in `race`: a listener each on the signal would cost more than all the rest. */
  readonly #waiting = new Waiters();
  readonly #follow = (): void => this.abort(this.#parent.reason);

  constructor(parent: AbortSignal, { timeoutMs, timeoutReason, onOrphan }: CancelScopeOptions = {}) {
    this.signal = this.#controller.signal;
    this.#parent = parent;
    this.#onOrphan = onOrphan;
    if (parent.aborted) this.abort(parent.reason);
    else parent.addEventListener('abort', this.#follow, { once: true });
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.abort(timeoutReason?.()), timeoutMs);
  }

  abort(reason: unknown): void {
    if (this.signal.aborted) return;
    this.#controller.abort(reason);
    this.#waiting.stopAll();
  }

  /** The value of `work`, or the signal's reason as soon as the scope is aborted. */
  race<T>(work: PromiseLike<T>): Promise<T> {
    return race(work, this.signal, this.#waiting, this.#onOrphan);
  }

  /** Idempotent. Does not abort. */
  close(): void {
    this.#parent.removeEventListener('abort', this.#follow);
    clearTimeout(this.#timer);
  }
}

/** As `CancelScope.race`, for a signal that is there already. */
export function untilAborted<T>(
  work: PromiseLike<T>,
  signal: AbortSignal,
  onOrphan?: (work: Promise<unknown>) => void,
): Promise<T> {
  const listeners = {
    add: (stop: () => void) => signal.addEventListener('abort', stop, { once: true }),
    delete: (stop: () => void) => signal.removeEventListener('abort', stop),
  };
  return race(work, signal, listeners, onOrphan);
}

/** Where those wait who stop as soon as a signal is aborted. */
interface Waiting {
  add(stop: () => void): unknown;
  delete(stop: () => void): unknown;
}

/** One, nearly always: a `Set` would be made anew with each that leaves. */
class Waiters implements Waiting {
  #stops: readonly (() => void)[] = [];

  add(stop: () => void): void {
    this.#stops = [...this.#stops, stop];
  }

  delete(stop: () => void): void {
    this.#stops = this.#stops.filter((other) => other !== stop);
  }

  stopAll(): void {
    for (const stop of this.#stops) stop();
  }
}

function race<T>(
  work: PromiseLike<T>,
  signal: AbortSignal,
  waiting: Waiting,
  onOrphan?: (work: Promise<unknown>) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => {
      reject(signal.reason);
      onOrphan?.(Promise.resolve(work));
    };
    // Both handlers are always attached, so work that fails after its caller left is not unhandled.
    work.then(
      (value) => {
        waiting.delete(stop);
        resolve(value);
      },
      (error) => {
        waiting.delete(stop);
        reject(error);
      },
    );
    if (signal.aborted) stop();
    else waiting.add(stop);
  });
}

/**
 * One observer's events of one run: in order, one at a time, bounded.
 *
 * The run pushes and goes on. Whatever the observer does (throws, is slow, never settles) changes
 * the counters here and nothing else. `offered = delivered + failed + dropped + pending`, always.
 */
import type { ObserverEntry } from '../ports/observer.ts';
import type { RunEvent } from '../protocol/event.ts';

export interface LaneCounts {
  readonly name: string;
  readonly offered: number;
  readonly delivered: number;
  /** Handlings that threw, rejected or timed out. */
  readonly failed: number;
  /** Events thrown away because the lane was full. */
  readonly dropped: number;
  readonly pending: number;
}

export type OnObserverError = (error: unknown, event: RunEvent, name: string) => void;

export interface LaneOptions {
  /** Calls an observer so that ambient context is its event's run. */
  readonly enter: <T>(call: () => T) => T;
  readonly onError: OnObserverError;
}

/** Events handed over before other lanes get a turn. */
const BURST = 64;

export class Lane {
  readonly #entry: ObserverEntry;
  readonly #options: LaneOptions;
  #queue: RunEvent[] = [];
  /** Everything before it is handed over; the array is cleared when the lane runs empty. */
  #head = 0;
  #isDraining = false;
  #offered = 0;
  #delivered = 0;
  #failed = 0;
  #dropped = 0;
  #waiters: { readonly offered: number; readonly resolve: () => void }[] = [];

  constructor(entry: ObserverEntry, options: LaneOptions) {
    this.#entry = entry;
    this.#options = options;
  }

  push(event: RunEvent): void {
    this.#offered++;
    if (this.#queue.length - this.#head >= this.#entry.capacity && !this.#makeRoom(event)) return;
    this.#queue.push(event);
    if (this.#isDraining) return;
    this.#isDraining = true;
    queueMicrotask(this.#drain);
  }

  counts(): LaneCounts {
    return {
      name: this.#entry.name,
      offered: this.#offered,
      delivered: this.#delivered,
      failed: this.#failed,
      dropped: this.#dropped,
      pending: this.#offered - this.#settled,
    };
  }

  /** Resolves when every event offered until now is delivered, failed or dropped. */
  settle(): Promise<void> {
    if (this.#settled >= this.#offered) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ offered: this.#offered, resolve }));
  }

  get #settled(): number {
    return this.#delivered + this.#failed + this.#dropped;
  }

  /** False when `event` itself is the one to drop. Ends of spans always get in: they are few, and owed. */
  #makeRoom(event: RunEvent): boolean {
    const isOwed = isEnd(event);
    if (this.#entry.onFull === 'drop-oldest') {
      const oldest = this.#queue.findIndex((queued, index) => index >= this.#head && !isEnd(queued));
      if (oldest >= 0) {
        this.#queue.splice(oldest, 1);
        this.#dropped++;
        return true;
      }
    }
    if (isOwed) return true;
    this.#dropped++;
    return false;
  }

  readonly #drain = (): void => {
    for (let burst = 0; this.#head < this.#queue.length; burst++) {
      if (burst === BURST) {
        setImmediate(this.#drain);
        return;
      }
      const event = this.#queue[this.#head++] as RunEvent; // the head is before the end
      let result: unknown;
      try {
        result = this.#options.enter(() => this.#entry.observe(event));
      } catch (error) {
        this.#fail(error, event);
        continue;
      }
      if (isThenable(result)) {
        this.#await(result, event);
        return;
      }
      this.#delivered++;
    }
    // In the same synchronous segment as the emptiness test: a push in between would not be drained.
    this.#queue = [];
    this.#head = 0;
    this.#isDraining = false;
    this.#wake();
  };

  #await(result: PromiseLike<unknown>, event: RunEvent): void {
    const { timeoutMs, name } = this.#entry;
    let isSettled = false; // a promise that settles after its timeout must not end a later handling
    const settle = (count: () => void): void => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      count();
      this.#wake();
      this.#drain();
    };
    const timer = setTimeout(() => {
      const error = new Error(`Callback "${name}" did not settle within ${timeoutMs} ms.`);
      settle(() => this.#fail(error, event));
    }, timeoutMs);
    result.then(
      () => settle(() => this.#delivered++),
      (error) => settle(() => this.#fail(error, event)),
    );
  }

  #fail(error: unknown, event: RunEvent): void {
    this.#failed++;
    this.#options.onError(error, event, this.#entry.name);
  }

  #wake(): void {
    const settled = this.#settled;
    const due = this.#waiters.filter(({ offered }) => offered <= settled);
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter(({ offered }) => offered > settled);
    for (const { resolve } of due) resolve();
  }
}

function isEnd({ type }: RunEvent): boolean {
  return type.endsWith('.end');
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

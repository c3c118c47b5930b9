/**
 * One observer's events of one run: in order, one at a time, bounded.
 *
 * The run pushes and goes on. Whatever the observer does (throws, is slow, never settles) changes
 * the counters here and nothing else: `offered` is always the sum of the others.
 */

import { Breaker } from '../base/breaker.ts';
import type { Clock } from '../base/clock.ts';
import type { ObserverEntry } from '../ports/scope.ts';
import type { RunEvent } from '../protocol/event.ts';
import { Backlog } from './backlog.ts';

export interface LaneCounts {
  readonly name: string;
  readonly offered: number;
  readonly delivered: number;
  /** Handlings that threw, rejected or timed out. */
  readonly failed: number;
  readonly dropped: {
    /** The lane had no room. */
    readonly full: number;
    /** The observer had failed too often in a row. */
    readonly broken: number;
  };
  /** Pieces of answers that were joined to the piece before them. */
  readonly coalesced: number;
  readonly pending: number;
}

export type OnObserverError = (error: unknown, event: RunEvent, name: string) => void;

export interface LaneOptions {
  /** Calls an observer so that ambient context is its event's run. */
  readonly enter: <T>(call: () => T) => T;
  readonly onError: OnObserverError;
  readonly clock: Clock;
}

/** Events handed over before other lanes get a turn. */
const BURST = 64;

/** As `queueMicrotask`, which in Node makes an `AsyncResource` for each call. */
const SOON = Promise.resolve();

interface Waiter {
  readonly isDue: () => boolean;
  readonly resolve: () => void;
}

export class Lane {
  readonly #entry: ObserverEntry;
  readonly #options: LaneOptions;
  readonly #backlog: Backlog;
  /** Made when the observer first fails. */
  #breaker: Breaker | undefined;
  #isDraining = false;
  #offered = 0;
  #delivered = 0;
  #failed = 0;
  #broken = 0;
  /** The last wait for room was in vain: the run is not held up again before there is some. */
  #isGivenUp = false;
  #waiters: Waiter[] = [];

  constructor(entry: ObserverEntry, options: LaneOptions) {
    this.#entry = entry;
    this.#options = options;
    this.#backlog = new Backlog(entry, () => this.#wake());
  }

  push(event: RunEvent): void {
    this.#offered++;
    this.#backlog.push(event);
    if (this.#isDraining) return;
    this.#isDraining = true;
    void SOON.then(this.#drain);
  }

  /** For `block`: settles when the lane has room again, or after `blockMs`. Undefined when nobody need wait. */
  room(): Promise<void> | undefined {
    const { onFull, blockMs } = this.#entry;
    if (onFull !== 'block' || !this.#backlog.isFull || this.#isGivenUp) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#isGivenUp = true;
        resolve();
      }, blockMs);
      this.#wait(
        () => !this.#backlog.isFull,
        () => {
          clearTimeout(timer);
          resolve();
        },
      );
    });
  }

  counts(): LaneCounts {
    return {
      name: this.#entry.name,
      offered: this.#offered,
      delivered: this.#delivered,
      failed: this.#failed,
      dropped: { full: this.#backlog.dropped, broken: this.#broken },
      coalesced: this.#backlog.coalesced,
      pending: this.#offered - this.#settled,
    };
  }

  /** Settles when every event offered until now is accounted for. Undefined when it is already. */
  settle(): Promise<void> | undefined {
    const offered = this.#offered;
    if (this.#settled >= offered) return undefined;
    return new Promise((resolve) => this.#wait(() => this.#settled >= offered, resolve));
  }

  get #settled(): number {
    return this.#delivered + this.#failed + this.#broken + this.#backlog.dropped + this.#backlog.coalesced;
  }

  readonly #drain = (): void => this.#options.enter(this.#turn);

  /** All events of a lane are of one run, so its ambient context is entered once for a turn. */
  readonly #turn = (): void => {
    for (let burst = 0; ; burst++) {
      const event = this.#backlog.shift();
      if (event === undefined) break;
      if (this.#breaker?.allows() === false) {
        this.#broken++;
        continue;
      }
      let pending: PromiseLike<unknown> | undefined;
      try {
        const result: unknown = this.#entry.observe(event);
        if (isThenable(result)) pending = result; // to ask it may throw as well
      } catch (error) {
        this.#fail(error, event);
        continue;
      }
      if (pending !== undefined) {
        this.#await(pending, event);
        return;
      }
      this.#succeed();
      if (burst === BURST) {
        this.#wake();
        setImmediate(this.#drain);
        return;
      }
    }
    if (this.#backlog.spilled > 0) {
      void this.#backlog.refill().then(this.#drain);
      return;
    }
    // In the same synchronous segment as the emptiness test: a push in between would not be drained.
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
    // Promise.resolve, since the `then` of somebody else's object may throw.
    Promise.resolve(result).then(
      () => settle(() => this.#succeed()),
      (error) => settle(() => this.#fail(error, event)),
    );
  }

  #succeed(): void {
    this.#delivered++;
    this.#breaker?.succeed();
  }

  #fail(error: unknown, event: RunEvent): void {
    this.#failed++;
    const { breakAfter, breakMs } = this.#entry;
    this.#breaker ??= new Breaker({ breakAfter, breakMs, clock: this.#options.clock });
    this.#breaker.fail();
    try {
      this.#options.onError(error, event, this.#entry.name);
    } catch {
      // Whoever hears of failures may fail too. The failure itself is counted above.
    }
  }

  #wait(isDue: () => boolean, resolve: () => void): void {
    this.#waiters.push({ isDue, resolve });
  }

  #wake(): void {
    if (!this.#backlog.isFull) this.#isGivenUp = false;
    const due = this.#waiters.filter(({ isDue }) => isDue());
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * The one place where observers come and go while runs are under way: a runtime's own scope.
 *
 * Each change publishes a new frozen chain in one synchronous step. A span that is open keeps the
 * chain it started with, so a change never adds, drops or redirects an event of a running call.
 */
import type { ObserverChain, ObserverEntry } from '../ports/observer.ts';
import { createScope, EMPTY_CHAIN } from './chain.ts';

/** Takes a registration back. Idempotent; it removes only what it came with. */
export interface Registration extends Disposable {
  dispose(): void;
}

export class Registry {
  #chain: ObserverChain = EMPTY_CHAIN;

  /** What a span that opens now inherits. */
  get chain(): ObserverChain {
    return this.#chain;
  }

  /** Adds entries; an entry of the same key is replaced by the newest. */
  add(entries: readonly ObserverEntry[]): Registration {
    this.#chain = createScope([...this.#chain, ...entries]);
    const dispose = (): void => {
      const left = this.#chain.filter((entry) => !entries.includes(entry));
      if (left.length < this.#chain.length) this.#chain = createScope(left);
    };
    return { dispose, [Symbol.dispose]: dispose };
  }
}

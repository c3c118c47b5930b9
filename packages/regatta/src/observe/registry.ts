/**
 * The one place where callbacks come and go while runs are under way: a runtime's own scope.
 *
 * Each change publishes a new frozen scope in one synchronous step. A span that is open keeps the
 * scope it started with, so a change never adds, drops or redirects an event of a running call.
 */
import type { Entry, Scope } from '../ports/scope.ts';
import { createScope, EMPTY_SCOPE } from './scope.ts';

/** Takes a registration back. Idempotent; it removes only what it came with. */
export interface Registration extends Disposable {
  dispose(): void;
}

export class Registry {
  #scope: Scope = EMPTY_SCOPE;

  /** What a span that opens now inherits. */
  get scope(): Scope {
    return this.#scope;
  }

  /** Adds entries; an entry of the same key is replaced by the newest. */
  add(entries: readonly Entry[]): Registration {
    this.#scope = createScope([...this.#scope, ...entries]);
    const dispose = (): void => {
      const left = this.#scope.filter((entry) => !entries.includes(entry));
      if (left.length < this.#scope.length) this.#scope = createScope(left);
    };
    return { dispose, [Symbol.dispose]: dispose };
  }
}

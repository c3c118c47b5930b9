/**
 * What the origin does: one callback list for the process, where the newest of a class replaces the
 * others (crewAI `LLM.set_callbacks` over `litellm.success_callback`, as of 2026-08-21).
 *
 * Where an OS thread may be interrupted there, `turn` is awaited here.
 */
import type { RunEvent } from 'regatta';

export interface Listener {
  onEvent(event: RunEvent): unknown;
}

export type Turn = () => Promise<unknown>;

export class GlobalList {
  readonly #callbacks: Listener[] = [];
  readonly #hasLock: boolean;
  #last: Promise<unknown> = Promise.resolve();

  /** `hasLock`: registering is a critical section, as crewAI pull request 6163 makes it. */
  constructor({ hasLock }: { readonly hasLock: boolean }) {
    this.#hasLock = hasLock;
  }

  get callbacks(): readonly Listener[] {
    return this.#callbacks;
  }

  async set(callback: Listener, turn: Turn): Promise<void> {
    await this.#inTurn(async () => {
      const same = this.#callbacks.filter((old) => old.constructor === callback.constructor);
      for (const old of same) {
        await turn(); // the snapshot is taken, and somebody else may take the same
        this.#remove(old);
      }
      await turn();
      this.#callbacks.push(callback);
    });
  }

  emit(event: RunEvent): void {
    for (const callback of this.#callbacks) callback.onEvent(event);
  }

  #remove(callback: Listener): void {
    const at = this.#callbacks.indexOf(callback);
    if (at < 0) throw new Error('list.remove(x): x not in list');
    this.#callbacks.splice(at, 1);
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (!this.#hasLock) return await work();
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined); // who registers next does not inherit the failure
    return await done;
  }
}

/** The same without a lock and without an exception: `splice` of an index that is -1 by now. */
export class SplicedList {
  readonly #callbacks: Listener[] = [];

  get callbacks(): readonly Listener[] {
    return this.#callbacks;
  }

  async set(callback: Listener, turn: Turn): Promise<void> {
    for (const old of this.#callbacks.filter((old) => old.constructor === callback.constructor)) {
      await turn();
      this.#callbacks.splice(this.#callbacks.indexOf(old), 1);
    }
    this.#callbacks.push(callback);
  }

  emit(event: RunEvent): void {
    for (const callback of this.#callbacks) callback.onEvent(event);
  }
}

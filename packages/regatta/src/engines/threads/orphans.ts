/** Work on a thread that goes on although its caller was freed: the run counts it until it settles. */

export class Orphans {
  readonly #count: (work: Promise<unknown>) => void;
  /** One for each; which is which makes no difference to a count. */
  readonly #settle: (() => void)[] = [];

  constructor(count: (work: Promise<unknown>) => void) {
    this.#count = count;
  }

  get size(): number {
    return this.#settle.length;
  }

  adopt(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settle.push(resolve);
    this.#count(promise);
  }

  settle(): void {
    this.#settle.pop()?.();
  }

  /** The thread is gone, and nothing goes on. */
  settleAll(): void {
    for (const settle of this.#settle.splice(0)) settle();
  }
}

/** A queue between pushing sides and one reader, who takes all that waits at once. */
export class Channel<T> {
  #values: T[] = [];
  #isWoken = false;
  #resolve: (() => void) | undefined;

  /** Values that wait. */
  get size(): number {
    return this.#values.length;
  }

  push(value: T): void {
    this.#values.push(value);
    this.#resolve?.();
  }

  /** Lets the reader go on without a value: something else has changed. */
  wake(): void {
    this.#isWoken = true;
    this.#resolve?.();
  }

  /** Waits for a value or a `wake`, then gives all values, oldest first. */
  async take(): Promise<readonly T[]> {
    if (this.#values.length === 0 && !this.#isWoken) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
      this.#resolve = undefined;
    }
    this.#isWoken = false;
    const values = this.#values;
    this.#values = [];
    return values;
  }
}

/** Several generators at work at once, read as one. */
import { Channel } from './channel.ts';

/** How one generator ended. */
export type Ended<T> =
  | { readonly isDone: true; readonly value: T }
  | { readonly isDone: false; readonly error: unknown };

interface News<Y> {
  readonly value: Y;
  readonly onRead?: () => void;
}

/**
 * Yields what any of its generators yields, as it happens; each keeps its own order.
 *
 * A generator goes on once what it yielded was read: so a start is heard before what it starts is done,
 * and a slow reader slows the work down.
 */
export class Merge<Y> {
  readonly #news = new Channel<News<Y>>();
  readonly #running = new Set<AsyncGenerator<Y, unknown, void>>();

  /** Generators at work. */
  get size(): number {
    return this.#running.size;
  }

  /** Sets `work` going. `onEnd` must not throw; it may start more. */
  start<T>(work: AsyncGenerator<Y, T, void>, onEnd: (ended: Ended<T>) => void): void {
    this.#running.add(work);
    void this.#pump(work).then((ended) => {
      this.#running.delete(work);
      onEnd(ended);
      this.#news.wake();
    });
  }

  /** Says something between what the generators say. */
  push(value: Y): void {
    this.#news.push({ value });
  }

  /** Yields until nothing is at work and all was read. A reader that stops reading stops the work. */
  async *read(): AsyncGenerator<Y, void, void> {
    try {
      while (this.#running.size > 0 || this.#news.size > 0) {
        for (const { value, onRead } of await this.#news.take()) {
          yield value;
          onRead?.();
        }
      }
    } finally {
      for (const work of this.#running) work.return(undefined).catch(() => undefined); // nobody reads the value, or the failure
    }
  }

  /** Never rejects. */
  async #pump<T>(work: AsyncGenerator<Y, T, void>): Promise<Ended<T>> {
    try {
      while (true) {
        const next = await work.next();
        if (next.done) return { isDone: true, value: next.value };
        const { value } = next;
        await new Promise<void>((resolve) => this.#news.push({ value, onRead: resolve }));
      }
    } catch (error) {
      return { isDone: false, error };
    }
  }
}

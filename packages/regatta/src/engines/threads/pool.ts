/**
 * Threads for runs: opened when they are needed, shared by any number of runs, replaced when lost.
 *
 * Not piscina or another pool of tasks: a run needs a port for as long as it lives, and a thread
 * serves many runs at once.
 */
import { RegattaError } from '../../base/errors.ts';
import { Thread, type ThreadOptions } from './thread.ts';

export interface PoolOptions extends Omit<ThreadOptions, 'onLost'> {
  /** Threads at most, at least 1. */
  readonly size: number;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #threads = new Set<Thread>();
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Those open now. */
  get threads(): readonly Thread[] {
    return [...this.#threads];
  }

  /** The thread for a new run: the one with the fewest runs, or a new one while none is idle and there is room. */
  pick(): Thread {
    if (this.#isClosed) {
      throw new RegattaError(
        'runtime/closed',
        'The threads are closed and start no runs. Create another runtime, or another engine by threads().',
        { state: 'closed' },
      );
    }
    const threads = this.threads.filter(({ isDoomed }) => !isDoomed);
    let best = threads[0];
    for (const thread of threads) if (best === undefined || thread.load < best.load) best = thread;
    const isFull = threads.length >= this.#options.size;
    return best !== undefined && (best.load === 0 || isFull) ? best : this.#open();
  }

  /** Ends all threads; runs on them fail as lost. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#threads, (thread) => thread.terminate()));
  }

  #open(): Thread {
    const { url, maxHeapMb } = this.#options;
    const onLost = (lost: Thread): void => {
      this.#threads.delete(lost);
    };
    const thread = new Thread({ url, maxHeapMb, onLost });
    this.#threads.add(thread);
    return thread;
  }
}

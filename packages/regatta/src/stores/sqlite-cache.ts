/**
 * Replies of models, kept in a SQLite file, which any number of runtimes and processes may share.
 *
 * All SQL runs on a thread of its own: neither a disk nor the lock of another process ever holds up the
 * event loop. The thread starts with the first call, and does not keep the process alive by itself.
 */
import { resolve as resolvePath } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Problems } from '../base/problems.ts';
import type { CacheStats, ReplyStore } from '../ports/reply-store.ts';
import type { FromSqlite, SqliteData, ToSqlite } from './sqlite-wire.ts';
import { threadUrl } from './thread-url.ts';

export interface SqliteCacheOptions {
  /** Replies kept at most. @default 10000 */
  readonly maxEntries?: number;
  /** Bytes of replies, as JSON in UTF-8, kept at most; the file is somewhat larger. @default 268435456 */
  readonly maxBytes?: number;
}

export interface SqliteCache extends ReplyStore, AsyncDisposable {
  stats(): CacheStats;
  /** Waits until every reply so far is in the file, or was given up. A process that ends without it may lose the last ones. Never rejects. */
  flush(): Promise<void>;
  /** As `flush`, then closes the file: every later read is a miss. Idempotent. */
  close(): Promise<void>;
}

const MAX_ENTRIES = 10_000;
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Makes `file` and its folders with the first call. It holds what models answered: keep it where others
 * cannot read. What was used least lately makes room.
 *
 * @throws RegattaError `definition/invalid`.
 */
export function sqliteCache(file: string, options: SqliteCacheOptions = {}): SqliteCache {
  const { maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES } = options;
  const problems = new Problems('The SQLite cache');
  problems.text('file', file);
  problems.integer('maxEntries', maxEntries, 1);
  problems.integer('maxBytes', maxBytes, 1);
  problems.throwIfAny();
  const counts = { hits: 0, misses: 0, evictions: 0, failures: 0 };
  const thread = new SqliteThread(
    { file: resolvePath(file), maxEntries, maxBytes },
    {
      onEvicted: (count) => {
        counts.evictions += count;
      },
      onFailed: (count) => {
        counts.failures += count;
      },
    },
  );
  return Object.freeze<SqliteCache>({
    outlivesRuntime: true,
    read: async (key, nowMs) => (await thread.ask({ type: 'read', key, nowMs })) ?? undefined,
    write: (key, text, life) => thread.tell({ type: 'write', key, text, ...life }),
    count(outcome) {
      if (outcome === 'hit') counts.hits++;
      else counts.misses++;
    },
    stats: () => ({ ...counts }),
    flush: async () => {
      await thread.ask({ type: 'flush' });
    },
    close: () => thread.close(),
    [Symbol.asyncDispose]: () => thread.close(),
  });
}

interface Hearer {
  readonly onEvicted: (count: number) => void;
  readonly onFailed: (count: number) => void;
}

/** The thread, seen from here. It holds the process only while somebody waits for it. */
class SqliteThread {
  readonly #data: SqliteData;
  readonly #hearer: Hearer;
  readonly #waiting = new Map<number, (text: string | null) => void>();
  #worker: Worker | undefined;
  #isClosed = false;
  #asked = 0;

  constructor(data: SqliteData, hearer: Hearer) {
    this.#data = data;
    this.#hearer = hearer;
  }

  tell(message: ToSqlite): void {
    if (this.#isClosed) this.#hearer.onFailed(1);
    else this.#open().postMessage(message);
  }

  /** Null where there is nothing to tell, or nobody to ask any more. */
  async ask(
    question: { type: 'read'; key: string; nowMs: number } | { type: 'flush' },
  ): Promise<string | null> {
    if (this.#isClosed || (question.type === 'flush' && this.#worker === undefined)) return null;
    const worker = this.#open();
    const id = ++this.#asked;
    const answer = new Promise<string | null>((resolve) => this.#waiting.set(id, resolve));
    worker.ref();
    worker.postMessage({ ...question, id } satisfies ToSqlite);
    return await answer;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const flushed = this.ask({ type: 'flush' });
    this.#isClosed = true;
    await flushed;
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.postMessage({ type: 'close' } satisfies ToSqlite);
    await new Promise<void>((done) => {
      if (this.#worker === undefined) return done();
      worker.ref();
      worker.once('exit', () => done());
    });
  }

  #open(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(threadUrl('sqlite-thread', import.meta.url), {
      name: 'regatta-cache',
      workerData: this.#data,
      execArgv: ['--disable-warning=ExperimentalWarning'], // node:sqlite says so on the Nodes of our floor
    });
    worker.on('message', (message: FromSqlite) => this.#receive(message));
    worker.on('error', () => this.#hearer.onFailed(1)); // the exit follows
    worker.once('exit', () => this.#lose());
    worker.unref(); // last: a listener for messages holds the process
    this.#worker = worker;
    return worker;
  }

  #receive(message: FromSqlite): void {
    switch (message.type) {
      case 'evicted':
        this.#hearer.onEvicted(message.count);
        return;
      case 'failed':
        this.#hearer.onFailed(message.count);
        return;
      case 'answer':
        this.#waiting.get(message.id)?.(message.text);
        this.#waiting.delete(message.id);
        if (this.#waiting.size === 0) this.#worker?.unref();
    }
  }

  /** Who waits gets a miss, and the next call another thread. */
  #lose(): void {
    this.#worker = undefined;
    for (const resolve of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
  }
}

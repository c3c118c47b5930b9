/**
 * Runs and their records in a SQLite file, which any number of runs and processes may share.
 *
 * All SQL runs on a thread of its own: neither a wait for the disk nor the lock of another process ever
 * holds up the event loop. What waits at the same time is committed together.
 */
import { resolve as resolvePath } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fromErrorData } from '../base/error-data.ts';
import { RegattaError } from '../base/errors.ts';
import { Problems } from '../base/problems.ts';
import type { Journal, JournaledRun, JournaledSteps, StepRecord, Written } from '../ports/journal.ts';
import type { FromJournal, JournalData, ToJournal } from './sqlite-journal-wire.ts';
import { threadUrl } from './thread-url.ts';

export interface SqliteJournalOptions {
  /** The file; it and its folders are made with the first run. */
  readonly path: string;
  /**
   * Milliseconds after which a holder that gives no sign of life holds nothing. It gives one three times
   * in this time. A holder of the same machine whose process is gone holds nothing at once. @default 30000
   */
  readonly leaseMs?: number;
  /** Milliseconds to wait for a file that other processes write. @default 30000 */
  readonly busyTimeoutMs?: number;
}

const LEASE_MS = 30_000;
const BUSY_TIMEOUT_MS = 30_000;

/**
 * Holds what models and tools answered, and inputs: keep the file where others cannot read.
 *
 * @throws RegattaError `definition/invalid`
 * @example
 * const journal = sqliteJournal({ path: 'runs.db' });
 * await crew.kickoff({ inputs, journal });
 */
export function sqliteJournal(options: SqliteJournalOptions): Journal & AsyncDisposable {
  const { path, leaseMs = LEASE_MS, busyTimeoutMs = BUSY_TIMEOUT_MS } = options;
  const problems = new Problems('The SQLite journal');
  problems.text('path', path);
  if (/^postgres(?:ql)?:\/\//i.test(path)) {
    // Its password must become neither the name of a folder nor a part of an error.
    const message =
      'path is a connection string. Give postgresJournal({ connectionString }) of regatta/postgres.';
    problems.add('path', 'postgresql://…', message);
  }
  problems.duration('leaseMs', leaseMs);
  problems.duration('busyTimeoutMs', busyTimeoutMs);
  problems.throwIfAny();
  const thread = new JournalThread({ file: resolvePath(path), leaseMs, busyTimeoutMs });
  return Object.freeze<Journal & AsyncDisposable>({
    create: async (run, records) => void (await thread.ask({ op: 'create', run, records })),
    claim: async (runId, { takeOver }) =>
      (await thread.ask({ op: 'claim', runId, takeOver })) as JournaledSteps,
    read: async (runId) => (await thread.ask({ op: 'read', runId })) as JournaledSteps | undefined,
    find: async (runId, key) => (await thread.ask({ op: 'find', runId, key })) as StepRecord | undefined,
    write: async (runId, record, epoch) =>
      (await thread.ask({ op: 'write', runId, record, epoch })) as Written,
    end: async (runId, ending, epoch) => void (await thread.ask({ op: 'end', runId, ending, epoch })),
    list: async (filter = {}) => (await thread.ask({ op: 'list', filter })) as readonly JournaledRun[],
    remove: async (runIds) => (await thread.ask({ op: 'remove', runIds })) as number,
    prune: async (policy) => (await thread.ask({ op: 'prune', policy })) as number,
    close: () => thread.close(),
    [Symbol.asyncDispose]: () => thread.close(),
  });
}

/** The thread, seen from here. It holds the process only while somebody waits for it. */
class JournalThread {
  readonly #data: JournalData;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #worker: Worker | undefined;
  #closing: Promise<void> | undefined;
  #asked = 0;

  constructor(data: JournalData) {
    this.#data = data;
  }

  /** What the thread gives for a call is what `JournalFile` returns for it. */
  async ask(call: ToJournal['call']): Promise<unknown> {
    if (this.#closing !== undefined) throw this.#failure('it was closed.');
    return await this.#send(call);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    await this.#send({ op: 'close' });
    worker.ref();
    await gone;
  }

  async #send(call: ToJournal['call']): Promise<unknown> {
    const worker = this.#open();
    const id = ++this.#asked;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    worker.ref();
    worker.postMessage({ id, call } as ToJournal);
    return await answer.promise;
  }

  #open(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(threadUrl('sqlite-journal-thread', import.meta.url), {
      name: 'regatta-journal',
      workerData: this.#data,
      execArgv: ['--disable-warning=ExperimentalWarning'], // node:sqlite says so on the Nodes of our floor
    });
    let cause: unknown;
    worker.on('message', (message: FromJournal) => this.#receive(message));
    worker.on('error', (error) => {
      cause = error; // the exit follows
    });
    worker.once('exit', () => this.#lose(cause));
    worker.unref(); // last: a listener for messages holds the process
    this.#worker = worker;
    return worker;
  }

  #receive(message: FromJournal): void {
    const answer = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if ('error' in message) answer?.reject(fromErrorData(message.error));
    else answer?.resolve(message.value);
  }

  /** Who waits hears that nothing is known of it; the next call gets another thread. */
  #lose(cause: unknown): void {
    this.#worker = undefined;
    const reason = this.#failure('its thread has ended.', cause);
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  #failure(why: string, cause?: unknown): RegattaError {
    const { file } = this.#data;
    const message = `The journal ${file} cannot be used: ${why} Open another one.`;
    return new RegattaError('journal/failed', message, { file }, cause === undefined ? {} : { cause });
  }
}

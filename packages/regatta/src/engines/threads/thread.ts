/** One OS thread, seen from the host: who runs on it, and what ends it. */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/clock.ts';
import { send } from './send.ts';
import { createThreadData } from './thread-data.ts';
import type { FromRun, FromThread, RunOrder, ToThread } from './wire.ts';

/** Why a thread is gone. */
export interface Loss {
  readonly exitCode: number;
  /** What was thrown on it and caught by nobody, if anything was. */
  readonly cause: unknown;
}

/** Whoever listens to a run on a thread. Neither method throws. */
export interface Receiver {
  receive(message: FromRun): void;
  /** The thread is gone, and with it the run. Nothing is received after it. */
  lose(loss: Loss): void;
}

export interface ThreadOptions {
  readonly url: URL;
  /** Megabytes of heap; undefined = as Node decides. */
  readonly maxHeapMb: number | undefined;
  /** Called once, before the runs on it hear of it. */
  readonly onLost: (thread: Thread) => void;
}

/** Counts as so many runs: a thread that left a cancelled run unanswered is taken last. */
const LATE_LOAD = 1e6;

export class Thread {
  readonly #worker: Worker;
  readonly #receivers = new Map<string, Receiver>();
  /** Runs that have not ended. */
  readonly #running = new Set<string>();
  /** Of these, the runs whose callers were freed without an end. */
  readonly #late = new Set<string>();
  #pings: ((runs: number) => void)[] = [];
  #isDoomed = false;
  #cause: unknown;

  constructor({ url, maxHeapMb, onLost }: ThreadOptions) {
    const execArgv = inheritedArgv();
    this.#worker = new Worker(url, {
      name: 'regatta',
      workerData: createThreadData(),
      ...(execArgv === undefined ? {} : { execArgv }),
      ...(maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    });
    this.#worker.unref();
    this.#worker.on('message', (batch: readonly FromThread[]) => {
      for (const message of batch) this.#receive(message);
    });
    this.#worker.on('error', (error) => {
      this.#isDoomed = true; // the exit follows
      this.#cause = error;
    });
    this.#worker.on('messageerror', (error) => {
      this.#cause = error; // an order in the messages is broken: no run on it can be trusted
      void this.terminate();
    });
    this.#worker.once('exit', (exitCode) => {
      onLost(this);
      this.#lose({ exitCode, cause: this.#cause });
    });
  }

  /** It is about to end, so nothing should be started on it. */
  get isDoomed(): boolean {
    return this.#isDoomed;
  }

  /** How busy it is, for comparison. */
  get load(): number {
    return this.#running.size + (this.#late.size > 0 ? LATE_LOAD : 0);
  }

  /** Runs of which anything is kept: those under way, and those whose orphans are. */
  get runs(): number {
    return this.#receivers.size;
  }

  start(order: RunOrder, receiver: Receiver): void {
    this.post({ type: 'start', order });
    this.#receivers.set(order.runId, receiver);
    this.#running.add(order.runId);
    this.#keepAlive();
  }

  /** @throws TypeError for what cannot be sent. Does nothing once the thread is gone. */
  post(message: ToThread): void {
    send(this.#worker, message);
  }

  /** Nobody waits for the run any more, and it has not ended. */
  markLate(runId: string): void {
    if (!this.#running.has(runId)) return;
    this.#late.add(runId);
    this.#keepAlive();
  }

  forget(runId: string): void {
    this.#receivers.delete(runId);
  }

  /** Resolves when the thread's event loop turns, with the runs it holds; with 0 when it is gone. */
  async ping(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#pings.push(resolve);
    this.post({ type: 'ping' });
    return await promise;
  }

  /** Ends it if its event loop stands still for so many milliseconds: then something holds it. */
  async endUnlessItAnswers(timeoutMs: number, clock: Clock): Promise<void> {
    const answered = new AbortController();
    const end = clock.sleep(timeoutMs, answered.signal).then(
      () => this.terminate(),
      () => undefined, // it answered in time
    );
    await Promise.race([this.ping(), end]);
    answered.abort();
  }

  /** Ends it wherever its code is. Resolves when it is gone. Idempotent. */
  async terminate(): Promise<void> {
    this.#isDoomed = true;
    await this.#worker.terminate();
  }

  #receive(message: FromThread): void {
    if (message.type === 'pong') {
      this.#pings.shift()?.(message.runs);
      return;
    }
    if (message.type === 'end') this.#end(message.runId);
    this.#receivers.get(message.runId)?.receive(message);
  }

  #end(runId: string): void {
    this.#running.delete(runId);
    this.#late.delete(runId);
    this.#keepAlive();
  }

  /** The process lives as long as somebody waits for a run here, and not because of idle threads. */
  #keepAlive(): void {
    if (this.#running.size > this.#late.size) this.#worker.ref();
    else this.#worker.unref();
  }

  #lose(loss: Loss): void {
    const receivers = [...this.#receivers.values()];
    const pings = this.#pings;
    this.#receivers.clear();
    this.#running.clear();
    this.#late.clear();
    this.#pings = [];
    for (const receiver of receivers) receiver.lose(loss);
    for (const resolve of pings) resolve(0);
  }
}

/**
 * Threads inherit the process's options by themselves. Code on the command line is the exception: Node
 * refuses to load a file with its `--input-type`, so only the options that say how modules are found go along.
 */
function inheritedArgv(): string[] | undefined {
  const { execArgv } = process;
  if (!execArgv.some((option) => option.startsWith('--input-type'))) return undefined;
  return execArgv.filter(
    (option, index) =>
      /^(-C|-r|--conditions|--import|--require)(=|$)/.test(option) ||
      /^(-C|-r|--conditions|--import|--require)$/.test(execArgv[index - 1] ?? ''),
  );
}

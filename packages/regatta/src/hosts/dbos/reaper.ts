/**
 * Signs of life, and what becomes of those who give none: any live worker puts the executions of dead
 * ones back into their queue. One worker at a time does so, and a run that brings down whoever takes
 * it is put aside.
 */
import type { Json } from '../../base/json.ts';
import type { DbosExecutor } from '../../engines/dbos/executor.ts';
import { runIdOf } from '../../engines/dbos/order.ts';
import type { Fleet } from '../../stores/postgres-fleet.ts';
import type { Rates } from '../../stores/postgres-rates.ts';
import type { Performer } from './performer.ts';

export interface ReaperOptions {
  readonly worker: string;
  readonly fleet: Fleet;
  readonly executor: DbosExecutor;
  readonly performer: Performer;
  readonly rates: Rates;
  /** Milliseconds from a worker's death to its runs being back in their queue, at most. */
  readonly failoverMs: number;
  /** Recoveries of a run, without a new result, after which it is put aside. */
  readonly maxRecoveries: number;
  readonly about: () => Json;
  readonly log: (line: string) => void;
}

/** Signs of life in the time of a failover. A worker is dead after three parts of five, and is found dead within one more. */
const BEATS = 5;
const DEAD_AFTER_BEATS = 3;
/** Milliseconds between two looks for runs that were cancelled. */
const CANCEL_MS = 500;
/** Milliseconds between two looks for rates that were set. */
const RATES_MS = 2_000;

export class Reaper {
  readonly #options: ReaperOptions;
  readonly #stop = new AbortController();
  readonly #loops: readonly Promise<void>[];
  /** Executions of this worker that nobody here was at in the last round. */
  #unattended: ReadonlySet<string> = new Set();
  #recovered = 0;
  #beatAt = performance.now();

  constructor(options: ReaperOptions) {
    this.#options = options;
    const beatMs = options.failoverMs / BEATS;
    this.#loops = [
      this.#repeat('sign of life', beatMs, () => this.#beat()),
      this.#repeat('look for dead workers', beatMs, () => this.#reap()),
      this.#repeat('look for cancelled runs', CANCEL_MS, () => this.#cancel()),
      this.#repeat('look for rates', RATES_MS, () => this.#options.rates.refresh()),
    ];
  }

  /** Runs of dead workers that were put back here. */
  get recovered(): number {
    return this.#recovered;
  }

  /** Milliseconds since the last sign of life that was written. */
  get silentMs(): number {
    return performance.now() - this.#beatAt;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  async #beat(): Promise<void> {
    await this.#options.fleet.beat(this.#options.worker, this.#options.about());
    this.#beatAt = performance.now();
  }

  async #reap(): Promise<void> {
    const { worker, fleet, executor, performer, failoverMs } = this.#options;
    const lookMs = failoverMs / BEATS;
    await fleet.alone('reaping', lookMs, async () => {
      // Who is stopped in a look goes on with old news: of executions that are a new worker's by now.
      const freshUntil = performance.now() + lookMs;
      const workers = await fleet.workers();
      const isDead = (silentMs: number): boolean => silentMs > (failoverMs * DEAD_AFTER_BEATS) / BEATS;
      const alive = new Set(workers.filter(({ silentMs }) => !isDead(silentMs)).map((one) => one.worker));
      for (const { executionId, worker: holder } of await executor.underWay()) {
        if (performance.now() > freshUntil) return;
        if (!alive.has(holder) && holder !== worker) await this.#recover(executionId);
      }
      await fleet.forget(workers.filter((one) => isDead(one.silentMs)).map((one) => one.worker));
    });
    // Ours that an outage has taken from us: DBOS says that we have them, and nobody here is at them.
    const running = new Set(performer.running);
    const unattended = (await executor.underWay(worker)).filter(
      ({ executionId }) => !running.has(executionId),
    );
    const ids = unattended.map(({ executionId }) => executionId);
    await executor.putBack(ids.filter((executionId) => this.#unattended.has(executionId)));
    this.#unattended = new Set(ids);
  }

  async #recover(executionId: string): Promise<void> {
    const { fleet, executor, maxRecoveries, log } = this.#options;
    const runId = runIdOf(executionId);
    const times = await fleet.countRecovery(runId);
    if (times <= maxRecoveries) {
      log(`run ${runId} goes on elsewhere: its worker is gone`);
      await executor.putBack([executionId]);
      this.#recovered++;
      return;
    }
    const message = `It was taken up ${times - 1} times, and each worker was gone before the run had another result. Look at what it does next, then requeue it.`;
    await fleet.bury({ executionId, runId, code: 'run/worker-lost', message });
    await executor.cancel(executionId);
    log(`run ${runId} was put aside: ${message}`);
  }

  async #cancel(): Promise<void> {
    const { executor, performer } = this.#options;
    for (const executionId of await executor.cancelled(performer.running)) {
      performer.cancel(executionId, 'cancelled from outside');
    }
  }

  /** What fails is tried again with the next turn: the database may be away for a while. */
  async #repeat(what: string, pauseMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await work().catch((error: unknown) => this.#options.log(`${what} failed: ${String(error)}`));
      await sleep(pauseMs, signal);
    }
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}

/** Waits for news of runs that are elsewhere: told by the database where it can, looked for where it cannot. */
import { fromErrorData } from '../../base/error-data.ts';
import { RegattaError } from '../../base/errors.ts';
import type { QueueClient } from '../../engines/dbos/client.ts';
import type { Ended, Fleet } from '../../stores/postgres-fleet.ts';

/** Milliseconds between two looks. A notice comes before; it may be missed. */
const LOOK_MS = 500;
/** Milliseconds until a lost connection for notices is opened anew. */
const LISTEN_AGAIN_MS = 1_000;

interface Wait {
  readonly runId: string;
  readonly resolve: (ended: Ended) => void;
  readonly reject: (error: unknown) => void;
}

/** One for an engine: however many runs are waited for, a look is one query, and notices are one connection. */
export class Watcher {
  readonly #fleet: Fleet;
  readonly #queues: () => Promise<QueueClient>;
  readonly #waits = new Set<Wait>();
  /** Called once with the next news of a run. */
  readonly #wakes = new Map<string, Set<() => void>>();
  #looking: Promise<void> | undefined;
  #listening: AbortController | undefined;
  #nudge: (() => void) | undefined;

  constructor(fleet: Fleet, queues: () => Promise<QueueClient>) {
    this.#fleet = fleet;
    this.#queues = queues;
  }

  /**
   * The end of a run, for good: a suspended run goes on.
   *
   * @throws RegattaError `engine/unknown-run`, `run/cancelled` for a run that never began, what put it on
   * the list of dead letters, `postgres/unreachable`; the signal's reason.
   */
  async ended(runId: string, signal?: AbortSignal): Promise<Ended> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Ended>();
    const wait: Wait = { runId, resolve, reject };
    const stop = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    this.#waits.add(wait);
    this.#start();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#waits.delete(wait);
      this.#settle();
    }
  }

  /** The next news of a run, or the time for a look. */
  async news(runId: string, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wakes = this.#wakes.get(runId) ?? new Set();
    this.#wakes.set(runId, wakes.add(resolve));
    this.#start();
    const timer = setTimeout(resolve, LOOK_MS);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
    wakes.delete(resolve);
    if (wakes.size === 0) this.#wakes.delete(runId);
    this.#settle();
  }

  close(): void {
    this.#listening?.abort();
    const message = 'The engine was closed while the run goes on. Ask another engine for it.';
    for (const { reject } of this.#waits)
      reject(new RegattaError('runtime/closed', message, { state: 'closed' }));
  }

  #start(): void {
    if (this.#listening === undefined) {
      this.#listening = new AbortController();
      void this.#listen(this.#listening.signal);
    }
    if (this.#waits.size > 0) this.#looking ??= this.#look();
  }

  /** Nobody waits any more: neither timer nor connection stays. */
  #settle(): void {
    if (this.#waits.size > 0 || this.#wakes.size > 0) return;
    this.#listening?.abort();
    this.#listening = undefined;
    this.#nudge?.();
  }

  async #listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#fleet.listen((runId) => this.#hear(runId), signal).catch(() => undefined); // a look is made anyway
      if (!signal.aborted) await pause(LISTEN_AGAIN_MS, signal);
    }
  }

  #hear(runId: string | null): void {
    this.#nudge?.();
    const runs = runId === null ? [...this.#wakes.keys()] : [runId];
    for (const wake of runs.flatMap((one) => [...(this.#wakes.get(one) ?? [])])) wake();
  }

  async #look(): Promise<void> {
    while (this.#waits.size > 0) {
      const waits = [...this.#waits];
      const nudged = new Promise<void>((resolve) => {
        this.#nudge = resolve; // before the look: what is heard during it means another one
      });
      try {
        await this.#settleThose(waits);
      } catch (error) {
        for (const { reject } of waits) reject(error);
      }
      if (this.#waits.size > 0) await pause(LOOK_MS, undefined, nudged);
    }
    this.#looking = undefined;
  }

  async #settleThose(waits: readonly Wait[]): Promise<void> {
    const ids = [...new Set(waits.map(({ runId }) => runId))];
    const ended = new Map((await this.#fleet.ended(ids)).map((one) => [one.runId, one]));
    const rest = waits.filter(({ runId }) => !ended.has(runId));
    for (const { runId, resolve } of waits) {
      const one = ended.get(runId);
      if (one !== undefined) resolve(one);
    }
    if (rest.length === 0) return;
    const dead = new Map((await this.#fleet.deadLetters()).map((letter) => [letter.runId, letter]));
    const left = rest.map(({ runId }) => runId);
    const held = await this.#fleet.held(left); // one that is being ended says so itself
    const client = await this.#queues();
    const gone = new Set<string>();
    for (const runId of await client.cancelled(left.filter((one) => !held.has(one)))) {
      // One that was put aside was cancelled, too, and may have been ordered again since.
      if ((await client.executionsOf(runId)).at(-1)?.status === 'cancelled') gone.add(runId);
    }
    for (const { runId, reject } of rest) {
      const letter = dead.get(runId);
      if (letter !== undefined) reject(fromErrorData({ ...letter, details: { runId } }));
      else if (gone.has(runId)) reject(neverBegun(runId));
    }
  }
}

function neverBegun(runId: string): RegattaError {
  const reason = 'cancelled before it began';
  const message = `Run "${runId}" was ${reason}. Order it again to get a result.`;
  return new RegattaError('run/cancelled', message, { runId, reason });
}

async function pause(
  ms: number,
  signal: AbortSignal | undefined,
  sooner: Promise<void> = new Promise(() => undefined),
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener('abort', () => resolve(), { once: true });
  await Promise.race([promise, sooner]);
  clearTimeout(timer);
}

/**
 * Many threads at one host: 24 of them, let off together, change one registry and emit through it.
 *
 * The volume is 10,000 of each for each thread where REGATTA_STRESS is set, else a tenth.
 */
import { setEnvironmentData } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { callback, createRuntime, type RunEvent } from '../../index.ts';
import { createEntry } from '../../observe/entry.ts';
import { type Registration, Registry } from '../../observe/registry.ts';
import { createScope, EMPTY_SCOPE } from '../../observe/scope.ts';
import type { Entry, Scope } from '../../ports/scope.ts';
import type { BridgeMessage } from './fixtures/bridge.fixture.ts';
import { eventsOf, expectClosed, expectEmpty, openPool } from './fixtures/runs.fixture.ts';
import { talk } from './fixtures/talk.fixture.ts';
import { Thread } from './thread.ts';
import type { RunOrder } from './wire.ts';

const isStress = process.env.REGATTA_STRESS !== undefined;
const THREADS = 24;
const COUNT = isStress ? 10_000 : 1_000;
const LIVE = 2;
const TIMEOUT_MS = isStress ? 600_000 : 60_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Registering {
  readonly scope: Scope;
  add(entries: readonly Entry[]): Registration | Promise<Registration>;
}

/** Reads, waits, and writes what it has read, changed: as many registries do, and as ours must not. */
class NaiveRegistry implements Registering {
  scope: Scope = EMPTY_SCOPE;

  async add(entries: readonly Entry[]): Promise<Registration> {
    const read = this.scope;
    await turn();
    this.scope = createScope([...read, ...entries]);
    const dispose = (): void => {
      this.scope = this.scope.filter((entry) => !entries.includes(entry));
    };
    return { dispose, [Symbol.dispose]: dispose };
  }
}

interface Tally {
  /** Emits that came. */
  emitted: number;
  /** Emits that the observer registered for them heard; it must hear each once. */
  heard: number;
  doubled: number;
  /** Events that an observer heard which was disposed, or not yet registered. */
  misdelivered: number;
  disordered: number;
}

/** Lets all threads loose on `registry`, and counts. */
async function hammer(registry: Registering, count: number): Promise<Tally> {
  const tally: Tally = { emitted: 0, heard: 0, doubled: 0, misdelivered: 0, disordered: 0 };
  const arrived = new Int32Array(new SharedArrayBuffer(8));
  setEnvironmentData('regatta-test-bridge', { arrived, threads: THREADS, count, live: LIVE });
  const url = new URL('./fixtures/bridge.fixture.ts', import.meta.url);
  const threads = Array.from(
    { length: THREADS },
    () => new Thread({ url, maxHeapMb: undefined, onLost: () => undefined }),
  );
  await Promise.all(threads.map((thread, index) => listen(thread, { runId: `${index}`, registry, tally })));
  await Promise.all(threads.map((thread) => thread.terminate()));
  return tally;
}

interface Listening {
  readonly runId: string;
  readonly registry: Registering;
  readonly tally: Tally;
}

/** Does what one thread says, in its order. Resolves at its end. */
async function listen(thread: Thread, { runId, registry, tally }: Listening): Promise<void> {
  const live = new Map<number, Registration>();
  const heard = new Set<number>();
  let lastEmit = -1;
  const observerOf = (own: number): Entry =>
    createEntry((event) => {
      if (!live.has(own)) tally.misdelivered++;
      if (event.runId !== runId || event.seq !== own) return;
      if (heard.has(own)) tally.doubled++;
      else tally.heard++;
      heard.add(own);
    });
  const act = async (message: BridgeMessage): Promise<void> => {
    if (message.type === 'end') return;
    const { type, index } = message;
    if (type === 'register') {
      live.set(index, await registry.add([observerOf(index)]));
    } else if (type === 'dispose') {
      live.get(index)?.dispose();
      live.delete(index);
    } else {
      await turn(); // others come between a registration and its use
      tally.emitted++;
      if (index !== ++lastEmit) tally.disordered++;
      const event = { runId, seq: index } as unknown as RunEvent; // as much of one as the observers look at
      for (const entry of registry.scope) if (entry.kind === 'observer') entry.observe(event);
    }
  };
  const ended = Promise.withResolvers<void>();
  let queue = Promise.resolve();
  thread.start({ runId } as RunOrder, {
    receive: (message) => {
      const given = message as unknown as BridgeMessage; // the fixture's thread says nothing else
      queue = queue.then(() => act(given));
      if (given.type === 'end') ended.resolve(queue);
    },
    lose: ({ cause }) => ended.reject(cause),
  });
  await ended.promise;
}

test(
  '24 threads register, emit and dispose at once: none is lost, doubled, misdelivered or out of order',
  async () => {
    const registry = new Registry();
    const total = THREADS * COUNT;
    expect(await hammer(registry, COUNT)).toEqual({
      emitted: total,
      heard: total,
      doubled: 0,
      misdelivered: 0,
      disordered: 0,
    });
    expect(registry.scope).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'the same finds out a registry that reads, waits and writes',
  async () => {
    const registry = new NaiveRegistry();
    const { emitted, heard, misdelivered } = await hammer(registry, 100);
    expect(emitted).toBe(THREADS * 100);
    expect(heard).toBeLessThan(emitted);
    expect(misdelivered + registry.scope.length).toBeGreaterThan(0); // what was disposed came back
  },
  TIMEOUT_MS,
);

test(
  'runs that talk at once on many threads: each callback hears its own run, whole and in order',
  async () => {
    await using open = openPool({ size: isStress ? THREADS : 3 });
    const runtime = createRuntime({ engine: open.engine });
    const heard = Array.from({ length: THREADS }, (): string[] => []);
    const runs = heard.map((texts, index) => {
      const hear = callback(
        (event) => {
          if (event.type === 'model.delta') texts.push(event.text);
        },
        { capacity: COUNT * 2 },
      );
      const inputs = { marker: `R${index}`, count: COUNT };
      return runtime.start(talk, { inputs, stream: true, callbacks: [hear], bufferSize: COUNT * 2 });
    });
    await Promise.all(runs.map(({ result }) => result));
    for (const [index, run] of runs.entries()) {
      const { delivered, emitted } = await run.flush();
      const own = Array.from({ length: COUNT }, (_, piece) => `R${index}:${piece}`);
      expect([delivered, emitted]).toEqual([COUNT + 8, COUNT + 8]);
      expect(heard[index]).toEqual(own);
      expect((await eventsOf(run)).length).toBe(emitted);
      if (!isStress) await expectClosed(run);
    }
    await expectEmpty(open);
  },
  TIMEOUT_MS,
);

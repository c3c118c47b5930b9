/**
 * How runs get in each other's way, one case for each way. Every case is measured in a process of its own, by counts;
 * a schedule is forced with a promise that the case holds, never with a sleep that hopes.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** What a contestant calls for each model call that has finished, from the mechanism that is idiomatic for it. */
export interface Observer {
  hear(what: unknown): unknown;
}

export interface Contestant {
  /** One agent, one tool call, two model calls, with an observer for this run alone. */
  run(marker: string, observer: Observer): Promise<string>;
}

/** By marker: what the run's tool waits for before it answers. */
export type Holds = Map<string, () => Promise<void>>;

/** Model calls of one run: what its observer should hear. */
export const CALLS = 2;

/** Long enough that whoever has not finished by then is waiting. */
const PATIENCE_MS = 3000;
const MARKER = /RUN-[0-9a-z]{6}/g;

export type Counts = Readonly<Record<string, number | boolean | string>>;

/** By name. `exit` is apart: it is over when its process is. */
export const CASES: Readonly<Record<string, (contestant: Contestant, holds: Holds) => Promise<Counts>>> = {
  cross,
  slow,
  eviction,
  throwing,
  growth,
};

export const markerOf = (index: number): string => `RUN-${index.toString(36).padStart(6, '0')}`;

/** All instances are of this one class, as in a program where each tenant has its own. */
class Counter implements Observer {
  readonly marker: string;
  readonly #then: () => unknown;
  heard = 0;
  own = 0;
  foreign = 0;

  constructor(marker: string, then: () => unknown = () => undefined) {
    this.marker = marker;
    this.#then = then;
  }

  hear(what: unknown): unknown {
    this.heard++;
    const markers = new Set(JSON.stringify(what).match(MARKER) ?? []);
    if (markers.has(this.marker)) this.own++;
    else if (markers.size > 0) this.foreign++;
    return this.#then();
  }
}

/** Twenty runs at once: does an observer hear the events of another run, and does it hear all of its own? */
async function cross({ run }: Contestant): Promise<Counts> {
  const counters = Array.from({ length: 20 }, (_, index) => new Counter(markerOf(index)));
  await Promise.all(counters.map((counter) => run(counter.marker, counter)));
  await sleep(200);
  const sum = (pick: (counter: Counter) => number): number =>
    counters.reduce((all, counter) => all + pick(counter), 0);
  return {
    expected: counters.length * CALLS,
    own: sum(({ own }) => own),
    foreign: sum(({ foreign }) => foreign),
  };
}

/** The neighbour's handler is held: does the run wait for it? Does the neighbour's own? */
async function slow({ run }: Contestant): Promise<Counts> {
  await run(markerOf(0), new Counter(markerOf(0))); // what is loaded on first use
  const hold = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const neighbour = run(
    markerOf(1),
    new Counter(markerOf(1), () => {
      reached.resolve();
      return hold.promise;
    }),
  );
  await Promise.race([reached.promise, sleep(PATIENCE_MS)]);
  const waits = async (work: Promise<unknown>): Promise<boolean> =>
    await Promise.race([work.then(() => false), sleep(PATIENCE_MS).then(() => true)]);
  const otherWaits = await waits(run(markerOf(2), new Counter(markerOf(2))));
  const ownWaits = await waits(neighbour);
  hold.resolve();
  await neighbour;
  return { otherWaits, ownWaits };
}

/** A run that is held in its tool while another one begins and ends, with an observer of the same class. */
async function eviction({ run }: Contestant, holds: Holds): Promise<Counts> {
  const reached = Promise.withResolvers<void>();
  const hold = Promise.withResolvers<void>();
  holds.set(markerOf(1), () => {
    reached.resolve();
    return hold.promise;
  });
  const first = new Counter(markerOf(1));
  const running = run(markerOf(1), first);
  await reached.promise;
  const second = new Counter(markerOf(2));
  await run(markerOf(2), second);
  hold.resolve();
  await running;
  await sleep(200);
  return { expected: CALLS, first: first.own, second: second.own, foreign: first.foreign + second.foreign };
}

/** One run's handler throws, then rejects: what becomes of that run, of its sibling, and of the process? */
async function throwing({ run }: Contestant): Promise<Counts> {
  let escaped = 0;
  process.on('uncaughtException', () => escaped++);
  process.on('unhandledRejection', () => escaped++);
  const fail = (): never => {
    throw new Error('This handler fails on purpose.');
  };
  const handlers = {
    throws: fail,
    rejects: () => Promise.reject(new Error('This handler fails on purpose.')),
  };
  const outcome: Record<string, string> = {};
  for (const [name, handler] of Object.entries(handlers)) {
    escaped = 0;
    const sibling = new Counter(markerOf(2));
    const [own, other] = await Promise.allSettled([
      run(markerOf(1), new Counter(markerOf(1), handler)),
      run(markerOf(2), sibling),
    ]);
    await sleep(200);
    const parts = [
      own.status === 'rejected' ? 'run fails' : 'run goes on',
      other.status === 'rejected'
        ? 'sibling fails'
        : sibling.own < CALLS
          ? 'sibling loses events'
          : 'sibling unharmed',
      escaped > 0 ? `${escaped} uncaught, which ends a process` : 'nothing uncaught',
    ];
    outcome[name] = parts.join(', ');
  }
  return outcome;
}

/** A thousand runs to warm up, and a thousand more: what is left of these? */
async function growth({ run }: Contestant): Promise<Counts> {
  let warnings = 0;
  process.on('warning', () => warnings++);
  const batch = async (from: number, count: number): Promise<void> => {
    for (let index = from; index < from + count; index++) {
      const marker = markerOf(index);
      const counter = new Counter(marker);
      await run(marker, counter);
      observers.push(new WeakRef(counter));
    }
  };
  const observers: WeakRef<Counter>[] = [];
  await batch(0, 1000);
  observers.length = 0;
  const before = await heapBytes();
  const listenersBefore = listeners();
  await batch(1000, 1000);
  const after = await heapBytes();
  const stale = observers.filter((observer) => observer.deref() !== undefined).length;
  return {
    runs: 1000,
    heapBytesPerRun: Math.round((after - before) / 1000),
    observersLeft: stale,
    listenersAdded: listeners() - listenersBefore,
    warnings,
  };
}

const listeners = (): number =>
  process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);

async function heapBytes(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    await sleep(20);
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

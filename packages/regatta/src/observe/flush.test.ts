import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { RunEvent } from '../protocol/event.ts';
import { hop, settle } from '../testing/marked.fixture.ts';
import { createEntry, type EntryOptions } from './entry.ts';
import { Lane } from './lane.ts';

const eventOf = (seq: number): RunEvent => ({ seq, type: 'tool.start' }) as RunEvent; // a lane reads nothing else

function laneOf(observe: (event: RunEvent) => unknown, options: EntryOptions = {}): Lane {
  return new Lane(createEntry(observe, options), {
    enter: (call) => call(),
    onError: () => undefined,
    clock: systemClock,
  });
}

/** A sink that answers when it is told to. */
function controlledSink() {
  const sent: number[] = [];
  const waiting: (() => void)[] = [];
  return {
    sent,
    waiting,
    observe: ({ seq }: RunEvent) => {
      sent.push(seq);
      return new Promise<void>((resolve) => waiting.push(resolve));
    },
    /** Answers what was sent and not answered, oldest first. */
    acknowledge: () => waiting.shift()?.(),
  };
}

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let done = promise === undefined;
  void promise?.then(() => {
    done = true;
  });
  await settle();
  return done;
}

interface Flushed {
  readonly push: (event: RunEvent) => void;
  readonly settle: () => Promise<unknown> | undefined;
}

/** What many exporters do: a flush is over when everything was handed to the transport. */
class NaiveExporter implements Flushed {
  readonly #send: (event: RunEvent) => unknown;
  #queue: RunEvent[] = [];
  constructor(send: (event: RunEvent) => unknown) {
    this.#send = send;
  }
  push(event: RunEvent): void {
    this.#queue.push(event);
  }
  async settle(): Promise<void> {
    const batch = this.#queue;
    for (const event of batch) {
      await undefined;
      void this.#send(event);
    }
    this.#queue = [];
  }
}

/** Whether a flush was over before what it covers was answered. */
async function isOverTooEarly(make: (send: (event: RunEvent) => unknown) => Flushed): Promise<boolean> {
  const sink = controlledSink();
  const lane = make(sink.observe);
  lane.push(eventOf(0));
  lane.push(eventOf(1));
  await hop(3);
  const flushed = lane.settle();
  lane.push(eventOf(2));
  if (await isSettled(flushed)) return true;
  sink.acknowledge();
  if (await isSettled(flushed)) return true;
  sink.acknowledge();
  expect(await isSettled(flushed)).toBe(true); // and not later: the third event came after the flush
  return false;
}

describe('a flush is over when what came before it is answered, not when it is handed over (R15)', () => {
  test('a lane waits for the answers', async () => {
    expect(await isOverTooEarly((send) => laneOf(send))).toBe(false);
  });
  test('the naive exporter does not, so this test can fail', async () => {
    expect(await isOverTooEarly((send) => new NaiveExporter(send))).toBe(true);
  });
});

/** How often each event was sent while several flush at once. */
async function sentByFlushes(make: (send: (event: RunEvent) => unknown) => Flushed): Promise<number[]> {
  const counts: number[] = [];
  const lane = make(({ seq }) => {
    counts[seq] = (counts[seq] ?? 0) + 1;
    return Promise.resolve();
  });
  for (let seq = 0; seq < 3; seq++) lane.push(eventOf(seq));
  await Promise.all([lane.settle(), lane.settle(), lane.settle()]);
  await settle();
  return counts;
}

describe('any number of flushes at once hand each event over once (R16)', () => {
  test('a flush of a lane sends nothing by itself', async () => {
    expect(await sentByFlushes((send) => laneOf(send))).toEqual([1, 1, 1]);
  });
  test('the naive exporter sends the same events again, so this test can fail', async () => {
    expect(Math.max(...(await sentByFlushes((send) => new NaiveExporter(send))))).toBeGreaterThan(1);
  });
});

test('pushes, flushes and answers at every microtask boundary: each flush ends, and the balance is 0 (D03)', async () => {
  const action = fc.record({
    kind: fc.constantFrom('push', 'flush', 'answer'),
    hops: fc.integer({ min: 0, max: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
      const sink = controlledSink();
      const lane = laneOf(sink.observe);
      const flushes: { readonly covers: number; isOver: boolean }[] = [];
      let pushed = 0;
      let answered = 0;
      const check = (): void => {
        const { offered, delivered, pending } = lane.counts();
        expect([offered, delivered + pending]).toEqual([pushed, pushed]);
        for (const { covers, isOver } of flushes) if (isOver) expect(answered).toBeGreaterThanOrEqual(covers);
      };
      for (const { kind, hops } of actions) {
        if (kind === 'push') lane.push(eventOf(pushed++));
        else if (kind === 'flush') {
          const flush = { covers: pushed, isOver: false };
          flushes.push(flush);
          void Promise.resolve(lane.settle()).then(() => {
            flush.isOver = true;
          });
        } else if (sink.waiting.length > 0) {
          answered++;
          sink.acknowledge();
        }
        await hop(hops);
        check();
      }
      while (answered < pushed) {
        await hop(8);
        expect(sink.waiting).toHaveLength(1); // one at a time, and never none while some are left
        answered++;
        sink.acknowledge();
      }
      await settle();
      expect(flushes.every(({ isOver }) => isOver)).toBe(true);
      expect(sink.sent).toEqual(Array.from({ length: pushed }, (_, seq) => seq));
      expect(lane.counts()).toMatchObject({ offered: pushed, delivered: pushed, pending: 0 });
    }),
  );
});

test('a burst of 10,000 into a lane of 2,048: what is delivered and what is dropped add up (D21, R59)', async () => {
  for (const onFull of ['drop-newest', 'drop-oldest', 'coalesce', 'block'] as const) {
    let delivered = 0;
    const lane = laneOf(() => void delivered++, { capacity: 2048, onFull });
    for (let seq = 0; seq < 10_000; seq++) lane.push(eventOf(seq));
    await lane.settle();
    const { dropped, offered, pending } = lane.counts();
    expect([offered, delivered + dropped.full, delivered, pending], onFull).toEqual([
      10_000, 10_000, 2048, 0,
    ]);
  }
});

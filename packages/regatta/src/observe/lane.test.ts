import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { ObserverEntry } from '../ports/scope.ts';
import type { RunEvent } from '../protocol/event.ts';
import { createEntry, type EntryOptions } from './entry.ts';
import { Lane, type LaneCounts } from './lane.ts';

function eventOf(seq: number, type: 'model.delta' | 'model.end' = 'model.delta'): RunEvent {
  return { seq, type } as RunEvent; // a lane reads nothing else
}

function laneOf(observe: ObserverEntry['observe'], options: EntryOptions = {}) {
  const errors: unknown[] = [];
  const lane = new Lane(createEntry(observe, options), {
    enter: (call) => call(),
    onError: (error) => errors.push(error),
    clock: systemClock,
  });
  return { lane, errors };
}

function expectBalance({ offered, delivered, failed, dropped, coalesced, pending }: LaneCounts): void {
  expect(delivered + failed + dropped.full + dropped.broken + coalesced + pending).toBe(offered);
}

test('an observer hears all events in order, one at a time, whatever its handlings take', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 12 }), async (scheduler, count) => {
      const heard: number[] = [];
      let atWork = 0;
      const { lane } = laneOf((event) => {
        expect(++atWork).toBe(1);
        heard.push(event.seq);
        return scheduler.schedule(Promise.resolve()).then(() => {
          atWork--;
        });
      });
      for (let seq = 0; seq < count; seq++) lane.push(eventOf(seq));
      await scheduler.waitFor(Promise.resolve(lane.settle()));
      expect(heard).toEqual(Array.from({ length: count }, (_, seq) => seq));
      expect(lane.counts()).toMatchObject({ offered: count, delivered: count, pending: 0 });
    }),
  );
});

/** R71: the flag is cleared a microtask after the emptiness test, and a push in between is stuck. */
class NaiveLane {
  readonly #observe: (event: RunEvent) => unknown;
  readonly #queue: RunEvent[] = [];
  #busy: Promise<void> | undefined;
  constructor(observe: (event: RunEvent) => unknown) {
    this.#observe = observe;
  }
  push(event: RunEvent): void {
    this.#queue.push(event);
    this.#busy ??= this.#drain().finally(() => {
      this.#busy = undefined;
    });
  }
  async #drain(): Promise<void> {
    for (let event = this.#queue.shift(); event; event = this.#queue.shift()) await this.#observe(event);
  }
}

/** Pushes one event at each of the microtask boundaries after the first one; gives how many were heard. */
async function heardAtEveryBoundary(make: (observe: () => unknown) => { push(event: RunEvent): void }) {
  const heard: number[] = [];
  for (let boundary = 0; boundary < 12; boundary++) {
    let count = 0;
    const lane = make(() => count++);
    lane.push(eventOf(0));
    for (let hop = 0; hop < boundary; hop++) await undefined;
    lane.push(eventOf(1));
    await new Promise((resolve) => setImmediate(resolve));
    heard.push(count);
  }
  return heard;
}

describe('a push at any microtask boundary of a drain is delivered (R71)', () => {
  test('by the lane', async () => {
    const heard = await heardAtEveryBoundary((observe) => laneOf(observe).lane);
    expect(heard.every((count) => count === 2)).toBe(true);
  });
  test('and the naive flag loses one, so this test can fail', async () => {
    const heard = await heardAtEveryBoundary((observe) => new NaiveLane(observe));
    expect(heard.some((count) => count < 2)).toBe(true);
  });
});

test('an observer that throws or rejects fails alone: the next events are delivered', async () => {
  const { lane, errors } = laneOf((event) => {
    if (event.seq === 0) throw new Error('thrown');
    if (event.seq === 1) return Promise.reject(new Error('rejected'));
    return undefined;
  });
  for (let seq = 0; seq < 3; seq++) lane.push(eventOf(seq));
  await lane.settle();
  expect(lane.counts()).toMatchObject({ offered: 3, delivered: 1, failed: 2, pending: 0 });
  expect(errors.map(String)).toEqual(['Error: thrown', 'Error: rejected']);
});

test('a handling that never settles fails at its timeout, and its late end does not end a later one', async () => {
  vi.useFakeTimers();
  try {
    const late: (() => void)[] = [];
    const heard: number[] = [];
    const { lane } = laneOf(
      (event) => {
        heard.push(event.seq);
        return new Promise<void>((resolve) => late.push(resolve));
      },
      { timeoutMs: 1000 },
    );
    for (let seq = 0; seq < 3; seq++) lane.push(eventOf(seq));
    await vi.advanceTimersByTimeAsync(1000);
    expect(heard).toEqual([0, 1]);
    late[0]!();
    await vi.advanceTimersByTimeAsync(10);
    expect(heard).toEqual([0, 1]); // the second is still being handled
    late[1]!();
    await vi.advanceTimersByTimeAsync(10);
    expect(heard).toEqual([0, 1, 2]);
    expect(lane.counts()).toMatchObject({ delivered: 1, failed: 1, pending: 1 });
    late[2]!();
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test.each(['drop-newest', 'drop-oldest'] as const)(
  'a full lane drops by %s, counts it, and never drops an end',
  async (onFull) => {
    const heard: number[] = [];
    const { lane } = laneOf((event) => void heard.push(event.seq), { capacity: 4, onFull });
    for (let seq = 0; seq < 10; seq++) lane.push(eventOf(seq));
    lane.push(eventOf(10, 'model.end'));
    lane.push(eventOf(11, 'model.end'));
    await lane.settle();
    expect(heard).toEqual(onFull === 'drop-newest' ? [0, 1, 2, 3, 10, 11] : [8, 9, 10, 11]);
    const counts = lane.counts();
    expect(counts).toMatchObject({
      offered: 12,
      delivered: heard.length,
      dropped: { full: 12 - heard.length, broken: 0 },
    });
    expectBalance(counts);
  },
);

test('settle waits for what was offered before it, and not for what comes later', async () => {
  const waits: (() => void)[] = [];
  const { lane } = laneOf(() => new Promise<void>((resolve) => waits.push(resolve)));
  lane.push(eventOf(0));
  const settled = lane.settle();
  lane.push(eventOf(1));
  await Promise.resolve();
  waits[0]!();
  await settled;
  expect(lane.counts()).toMatchObject({ delivered: 1, pending: 1 });
});

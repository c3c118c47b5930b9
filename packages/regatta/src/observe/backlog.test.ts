import { expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { Spill } from '../ports/scope.ts';
import type { RunEvent } from '../protocol/event.ts';
import { createManualClock } from '../testing/index.ts';
import { createEntry, type EntryOptions } from './entry.ts';
import { Lane } from './lane.ts';

function delta(seq: number, text = `${seq} `, spanId = 'a'): RunEvent {
  return { seq, type: 'model.delta', text, spanId, attempt: 1, kind: 'text', tool: null } as RunEvent; // what a lane reads
}

function laneOf(observe: (event: RunEvent) => unknown, options: EntryOptions, clock = systemClock): Lane {
  return new Lane(createEntry(observe, options), {
    enter: (call) => call(),
    onError: () => undefined,
    clock,
  });
}

test('coalesce joins pieces of the same answer when the lane is full, whatever stands between them, and counts them', async () => {
  const heard: string[] = [];
  const hear = (event: RunEvent): void => {
    heard.push(event.type === 'model.delta' ? event.text : event.type);
  };
  const lane = laneOf(hear, { capacity: 2, onFull: 'coalesce' });
  const end = { seq: 9, type: 'model.end', spanId: 'c' } as RunEvent; // what a lane reads
  const start = { seq: 9, type: 'tool.start', spanId: 'd' } as RunEvent; // what a lane reads
  for (const event of [
    delta(0),
    delta(1),
    delta(2),
    end,
    delta(3),
    delta(4, 'other ', 'b'),
    start,
    delta(5),
    delta(6, '6', 'b'),
  ]) {
    lane.push(event);
  }
  await lane.settle();
  expect(heard).toEqual(['0 ', '1 2 3 5 ', 'model.end', 'other 6']);
  expect(lane.counts()).toMatchObject({
    offered: 9,
    delivered: 4,
    coalesced: 4,
    dropped: { full: 1, broken: 0 },
    pending: 0,
  });
});

test('block makes who asks wait for room, and after blockMs it drops rather than hold the run up', async () => {
  const waiting: (() => void)[] = [];
  const lane = laneOf(() => new Promise<void>((resolve) => waiting.push(resolve)), {
    capacity: 1,
    onFull: 'block',
    blockMs: 30,
  });
  lane.push(delta(0));
  await Promise.resolve();
  lane.push(delta(1));
  const room = lane.room();
  expect(room).toBeInstanceOf(Promise);
  waiting[0]!(); // the lane moves on, and has room
  await room;
  lane.push(delta(2));
  await lane.room(); // nobody moves: the wait ends by itself
  lane.push(delta(3));
  expect(lane.room()).toBeUndefined(); // and the run is not held up again
  expect(lane.counts()).toMatchObject({ delivered: 1, dropped: { full: 1, broken: 0 } });
});

/** Keeps events in an array; each write and read takes a turn of the event loop. */
function arraySpill(): Spill & { readonly kept: RunEvent[]; isClosed: boolean } {
  const kept: RunEvent[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => T): Promise<T> => {
    const done = last.then(() => new Promise((resolve) => setImmediate(resolve))).then(work);
    last = done;
    return done;
  };
  return {
    kept,
    isClosed: false,
    write: (event) => inTurn(() => void kept.push(event)),
    take: (limit) => inTurn(() => kept.splice(0, limit)),
    async close() {
      this.isClosed = true;
    },
  };
}

test('spill keeps what does not fit elsewhere, and gives it back in order', async () => {
  const spill = arraySpill();
  const heard: number[] = [];
  const lane = laneOf(
    async ({ seq }) => {
      heard.push(seq);
      await new Promise((resolve) => setImmediate(resolve));
    },
    { capacity: 2, onFull: () => spill },
  );
  for (let seq = 0; seq < 200; seq++) {
    lane.push(delta(seq));
    if (seq % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await lane.settle();
  expect(heard).toEqual(Array.from({ length: 200 }, (_, seq) => seq));
  expect(lane.counts()).toMatchObject({
    offered: 200,
    delivered: 200,
    pending: 0,
    dropped: { full: 0, broken: 0 },
  });
  expect([spill.kept.length, spill.isClosed]).toEqual([0, true]);
});

test('a spill that fails loses events only with their count', async () => {
  const broken: Spill = {
    write: () => Promise.reject(new Error('disk full')),
    take: async () => [],
    close: async () => undefined,
  };
  const lane = laneOf(() => undefined, { capacity: 1, onFull: () => broken });
  for (let seq = 0; seq < 5; seq++) lane.push(delta(seq));
  await lane.settle();
  expect(lane.counts()).toMatchObject({
    offered: 5,
    delivered: 1,
    dropped: { full: 4, broken: 0 },
    pending: 0,
  });
});

test('an observer that keeps failing is left alone for a while, and its events are counted', async () => {
  const clock = createManualClock();
  let calls = 0;
  let isBroken = true;
  const lane = laneOf(
    () => {
      calls++;
      if (isBroken) throw new Error('down');
    },
    { breakAfter: 3, breakMs: 1000 },
    clock,
  );
  const push = async (count: number): Promise<void> => {
    for (let seq = 0; seq < count; seq++) lane.push(delta(seq));
    await lane.settle();
  };
  await push(10);
  expect([calls, lane.counts().failed, lane.counts().dropped.broken]).toEqual([3, 3, 7]);
  await clock.advance(1000);
  await push(5); // one try, which fails: closed for another while
  expect([calls, lane.counts().failed, lane.counts().dropped.broken]).toEqual([4, 4, 11]);
  isBroken = false;
  await clock.advance(1000);
  await push(5);
  expect([calls, lane.counts().delivered]).toEqual([9, 5]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReadableEvent, RunEvent } from '../protocol/event.ts';
import { EventBuffer } from './buffer.ts';

const eventOf = (seq: number, type: RunEvent['type'] = 'tool.start', spanId = 'a'): RunEvent =>
  ({ seq, type, spanId }) as RunEvent; // a buffer reads nothing else

async function readAll(buffer: EventBuffer): Promise<ReadableEvent[]> {
  const read: ReadableEvent[] = [];
  for await (const event of buffer.read()) read.push(event);
  return read;
}

/** Every seq from 0 to the last is there once, or inside one gap. */
function expectContiguous(read: readonly ReadableEvent[], count: number): void {
  let next = 0;
  for (const event of read) {
    if (event.type === 'events.gap') {
      expect(event.fromSeq).toBe(next);
      expect(event.toSeq).toBeGreaterThanOrEqual(event.fromSeq);
      next = event.toSeq + 1;
    } else {
      expect(event.seq).toBe(next);
      next++;
    }
  }
  expect(next).toBe(count);
}

test('whenever a reader comes, it gets every event from the first, or a mark where some are gone (R20)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('push', 'subscribe', 'wait'), { maxLength: 80 }),
      fc.integer({ min: 4, max: 20 }),
      async (actions, capacity) => {
        const buffer = new EventBuffer(capacity);
        const readers: Promise<ReadableEvent[]>[] = [readAll(buffer)];
        let count = 0;
        for (const action of actions) {
          if (action === 'push') buffer.push(eventOf(count++));
          else if (action === 'subscribe') readers.push(readAll(buffer));
          else await new Promise((resolve) => setImmediate(resolve));
        }
        buffer.close();
        for (const read of await Promise.all([...readers, readAll(buffer)])) expectContiguous(read, count);
      },
    ),
  );
});

test('when it is full, pieces of finished answers go first', async () => {
  const buffer = new EventBuffer(10);
  buffer.push(eventOf(0, 'run.start'));
  for (let seq = 1; seq <= 8; seq++) buffer.push(eventOf(seq, 'model.delta'));
  buffer.push(eventOf(9, 'model.end'));
  buffer.push(eventOf(10, 'run.end'));
  buffer.close();
  expect(
    (await readAll(buffer)).map((event) =>
      event.type === 'events.gap' ? [event.fromSeq, event.toSeq] : event.type,
    ),
  ).toEqual(['run.start', [1, 8], 'model.end', 'run.end']);
});

test('without room it keeps nothing, and says so to who reads all the same', async () => {
  const buffer = new EventBuffer(0);
  for (const seq of [0, 1, 2]) buffer.push(eventOf(seq));
  buffer.close();
  expect(await readAll(buffer)).toEqual([{ type: 'events.gap', fromSeq: 0, toSeq: 2 }]);
});

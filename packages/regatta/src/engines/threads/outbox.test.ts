import { expect, test } from 'vitest';
import { Outbox } from './outbox.ts';

/** An outbox, and the batches that left it. */
function outboxOf(): { readonly outbox: Outbox<number>; readonly batches: number[][] } {
  const batches: number[][] = [];
  const port = { postMessage: (batch: unknown) => void batches.push(batch as number[]) }; // batches of numbers
  return { outbox: new Outbox<number>(port, () => 0), batches };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what was pushed leaves when the event loop turns, each time anew (R71)', async () => {
  const { outbox, batches } = outboxOf();
  for (const value of [1, 2, 3]) {
    outbox.push(value);
    outbox.push(-value);
    await turn();
  }
  expect(batches).toEqual([
    [1, -1],
    [2, -2],
    [3, -3],
  ]);
});

test('pushes and flushes at every microtask boundary: all leaves once, in order (R71)', async () => {
  const { outbox, batches } = outboxOf();
  let next = 0;
  for (let boundary = 0; boundary < 40; boundary++) {
    for (let count = 0; count < boundary; count++) outbox.push(next++);
    if (boundary % 3 === 0) outbox.flush();
    for (let hop = 0; hop < boundary % 4; hop++) await undefined;
    if (boundary % 5 === 0) await turn();
  }
  await turn();
  expect(batches.flat()).toEqual(Array.from({ length: next }, (_, value) => value));
});

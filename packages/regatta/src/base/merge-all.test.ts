import { expect, test } from 'vitest';
import { createGate } from '../testing/index.ts';
import { mergeAll } from './merge-all.ts';

async function collect<Y, T>(
  work: AsyncGenerator<Y, T, void>,
): Promise<{ readonly said: readonly Y[]; readonly result: T }> {
  const said: Y[] = [];
  for (let next = await work.next(); ; next = await work.next()) {
    if (next.done) return { said, result: next.value };
    said.push(next.value);
  }
}

test('ends stand in the order of the list, in whatever order the work ends, and a failure is one of them', async () => {
  const gates = [createGate(), createGate(), createGate()];
  async function* work(item: string, index: number) {
    yield `start ${item}`;
    await gates[index]!.pass();
    gates[index - 1]?.open(); // each ends before the one before it
    if (item === 'b') throw new Error('b failed');
    return item.toUpperCase();
  }
  gates[2]!.open();
  const signal = new AbortController().signal;
  const { said, result } = await collect(mergeAll(['a', 'b', 'c'], work, { limit: 3, signal }));
  expect(said).toEqual(['start a', 'start b', 'start c']);
  expect(result).toEqual([
    { isDone: true, value: 'A' },
    { isDone: false, error: new Error('b failed') },
    { isDone: true, value: 'C' },
  ]);
});

test('at most `limit` are at work, and once the signal is aborted nothing more starts', async () => {
  const abort = new AbortController();
  let running = 0;
  let most = 0;
  async function* work(item: number) {
    most = Math.max(most, ++running);
    yield item;
    await Promise.resolve();
    if (item === 3) abort.abort();
    running--;
    return item;
  }
  const items = Array.from({ length: 8 }, (_, index) => index);
  const { said, result } = await collect(mergeAll(items, work, { limit: 2, signal: abort.signal }));
  expect(most).toBe(2);
  expect(said.length).toBeLessThan(8);
  expect(result.filter((end) => end?.isDone).length).toBe(said.length);
});

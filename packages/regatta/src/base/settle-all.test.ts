import { expect, test } from 'vitest';
import { createGate } from '../testing/index.ts';
import { settleAll } from './settle-all.ts';

test('ends stand in the order of the list, in whatever order the work ends, and a failure is one of them', async () => {
  const gates = [createGate(), createGate(), createGate()];
  const started: string[] = [];
  const work = async (item: string, index: number): Promise<string> => {
    started.push(item);
    await gates[index]!.pass();
    gates[index - 1]?.open(); // each ends before the one before it
    if (item === 'b') throw new Error('b failed');
    return item.toUpperCase();
  };
  gates[2]!.open();
  const { signal } = new AbortController();
  const ends = await settleAll(['a', 'b', 'c'], work, { limit: 3, signal });
  expect(started).toEqual(['a', 'b', 'c']);
  expect(ends).toEqual([
    { status: 'fulfilled', value: 'A' },
    { status: 'rejected', reason: new Error('b failed') },
    { status: 'fulfilled', value: 'C' },
  ]);
});

test('at most `limit` are at work, and once the signal is aborted nothing more starts', async () => {
  const abort = new AbortController();
  let running = 0;
  let most = 0;
  const started: number[] = [];
  const work = async (item: number): Promise<number> => {
    started.push(item);
    most = Math.max(most, ++running);
    await Promise.resolve();
    if (item === 3) abort.abort();
    running--;
    return item;
  };
  const items = Array.from({ length: 8 }, (_, index) => index);
  const ends = await settleAll(items, work, { limit: 2, signal: abort.signal });
  expect(most).toBe(2);
  expect(started).toEqual([0, 1, 2, 3]);
  expect(ends.map(({ status }) => status)).toEqual(started.map(() => 'fulfilled'));
});

test('an empty list is done at once, and an aborted signal starts nothing', async () => {
  const work = () => Promise.reject(new Error('never'));
  const { signal } = new AbortController();
  expect(await settleAll([], work, { limit: 2, signal })).toEqual([]);
  expect(await settleAll([1, 2], work, { limit: 2, signal: AbortSignal.abort() })).toEqual([]);
});

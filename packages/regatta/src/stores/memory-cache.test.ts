import { expect, test } from 'vitest';
import { memoryCache } from '../index.ts';

const life = { nowMs: 0, expiresAtMs: 1_000 };

test('what was used least lately makes room', async () => {
  const store = memoryCache({ maxEntries: 2 });
  store.write('a', 'A', life);
  store.write('b', 'B', life);
  expect(await store.read('a', 1)).toBe('A');
  store.write('c', 'C', life);
  expect(await Promise.all(['a', 'b', 'c'].map((key) => store.read(key, 1)))).toEqual(['A', undefined, 'C']);
  expect(store.stats().evictions).toBe(1);
});

test('room is counted in bytes as well, and what is larger than all of it is not kept', async () => {
  const store = memoryCache({ maxBytes: 8 });
  store.write('a', 'éé', life);
  store.write('b', '1234', life);
  expect(await store.read('a', 1)).toBe('éé');
  store.write('b', '12345', life);
  expect([await store.read('a', 1), await store.read('b', 1)]).toEqual([undefined, '12345']);
  store.write('c', '123456789', life);
  expect(await store.read('c', 1)).toBeUndefined();
});

test('what is too old is gone, and counts as no eviction', async () => {
  const store = memoryCache();
  store.write('a', 'A', life);
  expect(await store.read('a', 999)).toBe('A');
  expect(await store.read('a', 1_000)).toBeUndefined();
  expect(await store.read('a', 0)).toBeUndefined();
  expect(store.stats().evictions).toBe(0);
});

test('limits that make no sense are refused', () => {
  expect(() => memoryCache({ maxEntries: 0 })).toThrow(/maxEntries/);
  expect(() => memoryCache({ maxBytes: 0.5 })).toThrow(/maxBytes/);
});

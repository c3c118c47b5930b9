import { expect, test } from 'vitest';
import { countOf, formatCost, formatDuration, formatShortCount, formatUsd } from './amount.ts';

test.each([
  [null, '—'],
  [0, '$0'],
  [0.00001, '<$0.0001'],
  [0.0123, '$0.0123'],
  [12.345, '$12.35'],
])('%s USD read %s', (usd, text) => {
  expect(formatUsd(usd)).toBe(text);
});

test('what used nothing has no cost, which is not the same as costing nothing', () => {
  expect(formatCost(0, 0)).toBe('—');
  expect(formatCost(10, 0)).toBe('$0');
  expect(formatCost(10, null)).toBe('—');
});

test.each([
  [-5, '0.0 s'],
  [1234, '1.2 s'],
  [59_940, '59.9 s'],
  [59_990, '1:00'],
  [125_000, '2:05'],
  [3_725_000, '1:02:05'],
])('%d ms read %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test('counts are grouped, short when they are long, and agree with their noun', () => {
  expect(formatShortCount(999_999)).toBe('999,999');
  expect(formatShortCount(1_240_000)).toBe('1.2M');
  expect(countOf(1, 'run')).toBe('1 run');
  expect(countOf(2000, 'run')).toBe('2,000 runs');
});

import { expect, test } from 'vitest';
import { nearest } from './similar.ts';

test.each([
  ['gaol', 'goal'],
  ['expectedoutput', 'expected_output'],
  ['backstroy', 'backstory'],
  ['toolz', 'tools'],
  ['x', undefined],
  ['temperature', undefined],
])('%s: %s', (word, expected) => {
  expect(nearest(word, ['role', 'goal', 'backstory', 'tools', 'expected_output'])).toBe(expected);
});

import { expect, test } from 'vitest';
import { parseEnvCallbacks } from './env.ts';

const VALUES = [undefined, '', ' , ', 'a', 'a,a', 'X'];
const NAMES: Readonly<Record<string, readonly string[]>> = { a: ['a'], 'a,a': ['a'], X: ['X'] };
const PAIRS = VALUES.flatMap((success) => VALUES.map((failure) => [success, failure] as const));
const PREFIXES = ['LITELLM', 'REGATTA'];

test('all 36 combinations are covered', () => {
  expect(PAIRS).toHaveLength(36);
});

test.each(PREFIXES.flatMap((prefix) => PAIRS.map((pair) => [prefix, ...pair] as const)))(
  '%s: success %j and failure %j are read each for itself',
  (prefix, success, failure) => {
    const env = { [`${prefix}_SUCCESS_CALLBACKS`]: success, [`${prefix}_FAILURE_CALLBACKS`]: failure };
    const forSuccess = NAMES[success ?? ''] ?? [];
    const forFailure = NAMES[failure ?? ''] ?? [];
    const expected = [...new Set([...forSuccess, ...forFailure])].map((name) => {
      if (forSuccess.includes(name) && forFailure.includes(name)) return { name, outcomes: 'both' };
      return { name, outcomes: forSuccess.includes(name) ? 'success' : 'failure' };
    });
    expect(parseEnvCallbacks(env)).toEqual(expected);
  },
);

test('the four variables add up, in order, and names are trimmed', () => {
  expect(
    parseEnvCallbacks({
      LITELLM_SUCCESS_CALLBACKS: ' langfuse ,otel,',
      LITELLM_FAILURE_CALLBACKS: 'langfuse',
      REGATTA_SUCCESS_CALLBACKS: 'console, Langfuse',
      REGATTA_FAILURE_CALLBACKS: 'otel,jsonl',
    }),
  ).toEqual([
    { name: 'langfuse', outcomes: 'both' },
    { name: 'otel', outcomes: 'both' },
    { name: 'console', outcomes: 'success' },
    { name: 'Langfuse', outcomes: 'success' },
    { name: 'jsonl', outcomes: 'failure' },
  ]);
});

test('a name in two variables of one outcome is one, and is not for both', () => {
  const env = { LITELLM_SUCCESS_CALLBACKS: 'a', REGATTA_SUCCESS_CALLBACKS: 'a' };
  expect(parseEnvCallbacks(env)).toEqual([{ name: 'a', outcomes: 'success' }]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinResults } from '../context/prompt.ts';
import { fitResults } from './fit-results.ts';

const results = fc.array(
  fc.record({
    task: fc.string({ minLength: 1, maxLength: 30 }),
    text: fc.string({ maxLength: 2000, unit: 'grapheme' }),
  }),
  { maxLength: 6 },
);

test('whatever the results are, they are within the limit, the newest is kept longest, and what is cut is marked', () => {
  fc.assert(
    fc.property(results, fc.integer({ min: 50, max: 900 }), (given, maxTokens) => {
      const told = fitResults(given, maxTokens);
      expect(joinResults(told).length).toBeLessThanOrEqual(4 * maxTokens);
      if (joinResults(given).length <= 4 * maxTokens) {
        expect(told).toEqual(given);
        return;
      }
      expect(joinResults(told)).toContain('[…');
      const whole = told.filter(({ text }) => !text.includes('[… ')).length;
      expect(told.slice(told.length - whole)).toEqual(given.slice(given.length - whole));
      expect(told.length - whole).toBeLessThanOrEqual(2); // one that is cut, one mark for all before it
    }),
  );
});

test('without a limit nothing is cut', () => {
  const given = [{ task: 'a', text: 'x'.repeat(100_000) }];
  expect(fitResults(given, undefined)).toBe(given);
});

test('the oldest is cut first, with the number of characters that are gone', () => {
  const given = [
    { task: 'old', text: 'o'.repeat(300) },
    { task: 'middle', text: 'm'.repeat(300) },
    { task: 'new', text: 'n'.repeat(100) },
  ];
  const told = fitResults(given, 75);
  expect(told.map(({ task }) => task)).toEqual(['earlier tasks', 'middle', 'new']);
  expect(told[0]!.text).toBe('[… results of 1 tasks are left out]');
  const shown = /^m+/.exec(told[1]!.text)![0].length;
  expect(told[1]!.text).toContain(`${300 - shown} more characters]`);
  expect(shown).toBeGreaterThan(40);
  expect(told[2]).toEqual(given[2]);
});

test('half a surrogate pair is not left at a cut', () => {
  for (let length = 200; length < 204; length++) {
    const [told] = fitResults([{ task: 't', text: 'x'.repeat(length % 2) + '🚤'.repeat(200) }], 50);
    expect(told!.text.isWellFormed()).toBe(true);
  }
});

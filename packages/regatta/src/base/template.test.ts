import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkInputs, interpolate, placeholdersOf } from './template.ts';

test.each([
  ['Report on {topic}', { topic: 'tides' }, 'Report on tides'],
  ['{a}{b}{a}', { a: 1, b: { c: true } }, '1{"c":true}1'],
  ['Give {"json": {"x": 1}} for {topic}', { topic: 'x' }, 'Give {"json": {"x": 1}} for x'],
  ['{ topic } {0} {} {{topic}}', { topic: 'x' }, '{ topic } {0} {} {x}'],
  ['{topic}', { topic: '$& {topic} $1' }, '$& {topic} $1'],
  ['{missing}', {}, '{missing}'],
  ['{toString}', {}, '{toString}'],
] as const)('%j is filled in one pass', (text, inputs, filled) => {
  expect(interpolate(text, inputs)).toBe(filled);
});

test('no input is ever read as a template, whatever it contains', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(interpolate('<{a}>', { a: `{b}${value}{a}`, b: 'LEAK' })).toBe(`<{b}${value}{a}>`);
    }),
  );
});

test('every missing placeholder is named at once', () => {
  expect(placeholdersOf(['{a} {b-c} {a}', '{d} {a}'])).toEqual(['a', 'b-c', 'd']);
  expect(() => checkInputs(['a', 'b', 'c'], { b: null })).toThrow(/lack \{a\}, \{c\}.*Given were: b/);
});

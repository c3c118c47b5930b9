import { expect, test } from 'vitest';
import { clean, fit, fitRight, hidePasswords, oneLine, shorten, widthOf } from './text.ts';

test('control codes of others do not reach the terminal; line breaks and tabs do', () => {
  expect(clean('\x1b[2J\x1b[31mred\x1b[0m\x07\r\n\tnext\x9b')).toBe('red\n\tnext');
  expect(clean('\x1b]0;title\x07text')).toBe('text');
  expect(oneLine('  a\n\n b\x1b[1A\tc ')).toBe('a b c');
});

test('the password of a connection string is hidden; its user, host and database are not', () => {
  const hidden = hidePasswords(
    "at '/a/postgresql:/u:pa:ss@h:5/d' and postgres://:pass@h/d, not postgres://u@h:5/d",
  );
  expect(hidden).toBe("at '/a/postgresql:/u:…@h:5/d' and postgres://:…@h/d, not postgres://u@h:5/d");
});

test.each([
  ['abc', 3],
  ['', 0],
  ['日本', 4],
  ['é', 1],
  ['⠋ ✓', 3],
  ['🚣', 2],
  ['👨‍👩‍👧', 2],
])('%j takes %d columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test('a text is filled or cut to exactly the width', () => {
  expect(fit('abc', 5)).toBe('abc  ');
  expect(fit('abcdef', 4)).toBe('abc…');
  expect(fit('日本語', 4)).toBe('日… ');
  expect(fit('abc', 0)).toBe('');
  expect(fitRight('12', 5)).toBe('   12');
  for (const width of [1, 2, 3, 4, 5, 6, 7]) expect(widthOf(fit('a日b語c', width))).toBe(width);
});

test('a shortened text says that it was', () => {
  expect(shorten('one two three', 8)).toBe('one two…');
  expect(shorten('one\ntwo', 8)).toBe('one two');
});

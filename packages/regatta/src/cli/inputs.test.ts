import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isRegattaError } from '../index.ts';
import { readInputs } from './inputs.ts';

const folder = mkdtempSync(join(tmpdir(), 'regatta-inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): string {
  const file = join(folder, `${Math.random()}.json`);
  writeFileSync(file, text);
  return file;
}

test.each<[string, unknown]>([
  ['topic=tides', 'tides'],
  ['days=3', 3],
  ['share=-0.5', -0.5],
  ['deep=true', true],
  ['tags=["a","b"]', ['a', 'b']],
  ['range={"from":1}', { from: 1 }],
  ['empty=', ''],
  ['formula=a=b', 'a=b'],
  ['none=null', 'null'],
  ['quoted="a"', '"a"'],
  ['broken={a', '{a'],
])('--input %s', (pair, value) => {
  const [key = ''] = pair.split('=');
  expect(readInputs({ pairs: [pair], file: undefined })).toEqual([{ [key]: value }]);
});

test('a number that JSON would write in another way stays the text that was given', () => {
  const pairs = ['version=1.10', 'code=007', 'id=12345678901234567890', 'big=1e400', 'plus=+1'];
  expect(readInputs({ pairs, file: undefined })).toEqual([
    { version: '1.10', code: '007', id: '12345678901234567890', big: '1e400', plus: '+1' },
  ]);
});

test('without options there is one run without inputs; the last of two pairs wins', () => {
  expect(readInputs({ pairs: [], file: undefined })).toEqual([{}]);
  expect(readInputs({ pairs: ['a=1', 'a=2'], file: undefined })).toEqual([{ a: 2 }]);
});

test('an object is one run, an array one run for each element, and pairs go into each of them', () => {
  const pairs = ['tone=dry'];
  expect(readInputs({ pairs, file: fileOf('{"topic":"a","tone":"wet"}') })).toEqual([
    { topic: 'a', tone: 'dry' },
  ]);
  expect(readInputs({ pairs, file: fileOf('[{"topic":"a"},{"topic":"b"}]') })).toEqual([
    { topic: 'a', tone: 'dry' },
    { topic: 'b', tone: 'dry' },
  ]);
});

test('a key called __proto__ is an input as any other', () => {
  const [inputs] = readInputs({ pairs: ['__proto__=x'], file: fileOf('{"a":1}') });
  expect(Object.entries(inputs!)).toEqual([
    ['a', 1],
    ['__proto__', 'x'],
  ]);
});

test.each<[string, () => { pairs: string[]; file?: string }, string, string]>([
  ['no key', () => ({ pairs: ['=x'] }), 'cli/bad-option', '--input must be key=value, got "=x".'],
  ['no sign', () => ({ pairs: ['topic'] }), 'cli/bad-option', '--input must be key=value, got "topic".'],
  ['no file', () => ({ pairs: [], file: 'gone.json' }), 'cli/file-not-found', 'gone.json'],
  ['no JSON', () => ({ pairs: [], file: fileOf('{') }), 'cli/bad-option', 'is not valid JSON'],
  ['no element', () => ({ pairs: [], file: fileOf('[]') }), 'cli/bad-option', 'is an empty array'],
  ['a text', () => ({ pairs: [], file: fileOf('"x"') }), 'cli/bad-option', 'and is a string'],
  ['a bad element', () => ({ pairs: [], file: fileOf('[{},null]') }), 'cli/bad-option', 'element 1 of'],
])('%s is refused', (_name, options, code, text) => {
  const { pairs, file } = options();
  const read = (): unknown => readInputs({ pairs, file });
  expect(read).toThrow(text);
  expect(read).toThrow(expect.toSatisfy((error) => isRegattaError(error) && error.code === code));
});

import { expect, test } from 'vitest';
import { checkFile } from './check-size.ts';

const lines = (count: number): string => 'const a = 1\n'.repeat(count);

test('300 lines are the limit of a source file, 600 of a test, none of marked generated data', () => {
  expect(checkFile('a.ts', lines(300), true)).toEqual([]);
  expect(checkFile('a.ts', lines(301), true)).toEqual(['a.ts has 301 lines, the limit is 300: split it.']);
  expect(checkFile('a.test.ts', lines(600), true)).toEqual([]);
  expect(checkFile('a.test.ts', lines(601), true)).toHaveLength(1);
  expect(checkFile('a.ts', `// @generated\n${lines(900)}`, true)).toEqual([]);
});

test.each([
  'let count = 0',
  'export let count = 0',
  'export default 1',
  '  storage.enterWith(1)',
  '  process.chdir(folder)',
  "  process.env.KEY = 'a'",
  "  process.env['KEY'] ??= 'a'",
  '  delete process.env.KEY',
  '  Object.assign(process.env, values)',
])('%s is found in the sources of the package only', (line) => {
  const text = `// header\n${line}\n`;
  expect(checkFile('a.ts', text, true)).toEqual([expect.stringMatching(/^a\.ts:2: no /)]);
  expect(checkFile('a.ts', text, false)).toEqual([]);
  expect(checkFile('a.test.ts', text, true)).toEqual([]);
});

test.each([
  '  let count = 0',
  '// process.chdir',
  "  if (process.env['KEY'] === 'a') return",
  '  const read = (env = process.env) => env',
  'const text = `export default`',
])('%s is fine', (line) => {
  expect(checkFile('a.ts', `${line}\n`, true)).toEqual([]);
});

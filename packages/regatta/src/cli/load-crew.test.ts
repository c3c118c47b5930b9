import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { RegattaError } from '../index.ts';
import { fixture, runCli } from './fixtures/process.fixture.ts';
import { isCrew, loadCrew } from './load-crew.ts';

const folder = mkdtempSync(join(tmpdir(), 'regatta-crews-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function errorOf(file: string, exportName?: string): Promise<RegattaError> {
  const error = await loadCrew(file, exportName).catch((thrown: unknown) => thrown);
  if (error instanceof RegattaError) return error;
  throw new Error(`Expected a RegattaError, got ${String(error)}.`);
}

test('the only export that is a crew is taken, whatever else there is', async () => {
  const { name } = await loadCrew(fixture('greeter.fixture.ts'));
  expect(name).toBe('greeter');
});

test('the default export goes before others, and --export before all', async () => {
  const crew = (name: string): string => `{ name: '${name}', agents: [], tasks: [], start() {} }`;
  const file = fileOf('default.mjs', `export default ${crew('a')}; export const b = ${crew('b')};`);
  expect((await loadCrew(file)).name).toBe('a');
  expect((await loadCrew(file, 'b')).name).toBe('b');
});

test('one crew under two names is one crew', async () => {
  const file = fileOf(
    'twice.mjs',
    'export const a = { agents: [], tasks: [], start() {} }; export { a as b };',
  );
  expect(await loadCrew(file)).toMatchObject({ agents: [] });
});

test('a crew is known by its shape, so another copy of the package may have made it', async () => {
  const crew = await loadCrew(fixture('other-copy.fixture.ts'));
  expect(crew.name).toBe('first');
  for (const value of [null, undefined, 1, 'crew', () => 1, {}, { tasks: [], agents: [] }]) {
    expect(isCrew(value)).toBe(false);
  }
});

test('several crews: the error lists them and says how to choose', async () => {
  const error = await errorOf(fixture('two-crews.fixture.ts'));
  expect(error.code).toBe('cli/bad-option');
  expect(error.message).toMatch(/exports 2 crews: first, second\. Choose one with --export NAME\.$/);
});

test('no crew: the error lists what is exported', async () => {
  const error = await errorOf(fixture('two-crews.fixture.ts'), 'label');
  expect(error.code).toBe('cli/no-crew');
  expect(error.message).toContain('has no export "label" that is a crew.');
  expect(error.details).toMatchObject({ exports: ['first', 'label', 'second'] });
  const empty = await errorOf(fileOf('empty.mjs', ''));
  expect(empty.code).toBe('cli/no-crew');
  expect(empty.message).toContain('It exports nothing.');
});

test('what is no file, or no module, is said before anything is imported', async () => {
  expect((await errorOf(join(folder, 'gone.ts'))).code).toBe('cli/file-not-found');
  expect((await errorOf(folder)).code).toBe('cli/bad-module');
  expect((await errorOf(fileOf('crew.yaml', 'agents: []'))).code).toBe('cli/bad-module');
});

// Node's own loader must read these, so they run as processes.
test.each([
  ['enum.ts', 'const a = 1;\nenum Wind { North }\n', 'enum.ts:2', 'use no enum'],
  ['property.ts', 'class A { constructor(readonly a: number) {} }', 'property.ts:1', 'no parameter property'],
  ['syntax.ts', 'const a: number = ;', 'syntax.ts:1', 'SyntaxError'],
  ['syntax.mjs', '\n\nconst a = ;', 'syntax.mjs:3', "SyntaxError: Unexpected token ';'"],
  ['throws.mjs', "\nthrow new TypeError('no wind\\nat all');", 'throws.mjs:2', 'TypeError: no wind. '],
  ['package.mjs', "import 'not-installed-anywhere';", '', 'Install the package'],
  ['import.ts', "import './gone.js';", '', 'imports of TypeScript files end with .ts'],
  ['text.mjs', "throw 'a text'", '', 'a text. Correct the file'],
])('%s: cli/bad-module says where and what to do', async (name, text, place, mend) => {
  const { code, stdout, stderr } = await runCli(['run', fileOf(name, text)]);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^error cli\/bad-module: /);
  expect(stderr).toContain(mend);
  expect(stderr).toContain(place === '' ? 'cannot be loaded: ' : `${place}): `);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

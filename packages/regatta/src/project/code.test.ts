import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { defineTool, type Tool } from '../index.ts';
import { createCodeLoader } from './code.ts';
import type { CodeRef } from './code-ref.ts';
import { toolsKind } from './fields/code-kinds.ts';
import { Findings } from './findings.ts';
import { parseSource } from './parse.ts';
import { AGENTS, problemsOf, TASKS, toolModule, writeProject } from './project.fixture.ts';

const SPY = 'globalThis.imported = (globalThis.imported ?? 0) + 1; export const tool = {};';

function place(module: string, exportName: string | undefined = 'tool'): CodeRef {
  return { kind: 'place', module, exportName };
}

async function load(folder: string, ref: CodeRef, packages: readonly string[] = []): Promise<string> {
  const loaded = await createCodeLoader(folder, packages).load(ref, 'tools');
  return loaded.isLoaded ? 'loaded' : loaded.message;
}

test('nothing outside the folder is imported: no "..", no absolute path, no URL, no link that leads out', async () => {
  const outside = writeProject({ 'spy.mjs': SPY });
  const folder = writeProject({ 'inside.mjs': SPY, 'tools/keep.mjs': '' });
  symlinkSync(join(outside, 'spy.mjs'), join(folder, 'link.mjs'));
  symlinkSync(outside, join(folder, 'linked'));
  const spy = join(outside, 'spy.mjs');
  for (const module of [
    spy,
    pathToFileURL(spy).href,
    `data:text/javascript,${encodeURIComponent(SPY)}`,
    'node:fs',
    `./../${outside.split('/').at(-1)}/spy.mjs`,
    '../spy.mjs',
    './tools/../../spy.mjs',
    './tools\\..\\..\\spy.mjs',
    './link.mjs',
    './linked/spy.mjs',
  ]) {
    expect(await load(folder, place(module)), module).toMatch(
      /leads out of the project|is not a path inside/,
    );
  }
  expect(Reflect.get(globalThis, 'imported')).toBeUndefined();
  expect(await load(folder, place('./inside.mjs'))).toBe('loaded');
  expect(Reflect.get(globalThis, 'imported')).toBe(1);
});

test('a link inside the folder is followed', async () => {
  const folder = writeProject({ 'lib/real.mjs': toolModule('a') });
  symlinkSync(join(folder, 'lib/real.mjs'), join(folder, 'link.mjs'));
  expect(await load(folder, place('./link.mjs'))).toBe('loaded');
});

test('a package is loaded only if the crew file lists it, and never by its path', async () => {
  const folder = writeProject({
    'node_modules/winds/package.json':
      '{ "name": "winds", "type": "module", "exports": { ".": "./index.js", "./deep": "./deep.js" } }',
    'node_modules/winds/index.js': toolModule('wind'),
    'node_modules/winds/deep.js': toolModule('deep'),
  });
  expect(await load(folder, place('winds'))).toContain('Write packages: ["winds"] in the crew file');
  expect(await load(folder, place('winds'), ['wind', 'winds2'])).toContain('does not list');
  expect(await load(folder, place('winds'), ['winds'])).toBe('loaded');
  expect(await load(folder, place('winds/deep'), ['winds'])).toBe('loaded');
  expect(await load(folder, place('winds/hidden'), ['winds'])).toMatch(
    /cannot be found .*ERR_PACKAGE_PATH_NOT_EXPORTED/,
  );
  expect(await load(folder, place('@org/gone/x'), ['@org/gone'])).toMatch(
    /cannot be found .*MODULE_NOT_FOUND/,
  );
  expect(await load(folder, place('./node_modules/winds/index.js'), ['winds'])).toContain(
    'is in node_modules',
  );
});

test('a name is a file of its folder, in any spelling, or an export of the module of that name', async () => {
  const folder = writeProject({
    'tools/find_port.mjs': `${toolModule('x', 'helper')}${toolModule('find_port', 'findPort')}`,
    'tools/wind-rose.mjs': toolModule('wind_rose'),
  });
  for (const name of ['find_port', 'findPort', 'FindPort', 'wind-rose', 'windRose']) {
    expect(await load(folder, { kind: 'name', name }), name).toBe('loaded');
  }
  expect(await load(folder, { kind: 'name', name: 'gone' })).toContain('neither tools/gone.ts nor tools.ts');
  const single = writeProject({ 'tools.mjs': `${toolModule('a', 'a')}${toolModule('b', 'b')}` });
  expect(await load(single, { kind: 'name', name: 'b' })).toBe('loaded');
  expect(await load(single, { kind: 'name', name: 'bb' })).toContain('Did you mean "b"?');
});

test('what cannot be loaded says why', async () => {
  const folder = writeProject({
    'throws.mjs': "throw new TypeError('no wind')",
    'two.mjs': 'export const a = 1; export const b = 2;',
    'x.txt': '',
  });
  mkdirSync(join(folder, 'dir.mjs'));
  writeFileSync(join(folder, 'tide.mjs'), '');
  expect(await load(folder, place('./throws.mjs'))).toBe(
    'throws.mjs cannot be loaded: TypeError: no wind. Correct the module.',
  );
  expect(await load(folder, place('./two.mjs', ''))).toContain('has no export ""');
  expect(await load(folder, { kind: 'place', module: './two.mjs', exportName: undefined })).toContain(
    'Write ./two.mjs#NAME with one of: a, b.',
  );
  expect(await load(folder, place('./x.txt'))).toContain('is no module');
  expect(await load(folder, place('./dir.mjs'))).toContain('There is no file ./dir.mjs');
  expect(await load(folder, place('./tied.mjs'))).toContain('Did you mean ./tide.mjs?');
});

test('tools that come with the package are made for the folder; one of the project by that name wins', async () => {
  const folder = writeProject({ 'tools/fetch.mjs': toolModule('own_fetch') });
  const made: string[] = [];
  const make =
    (...names: string[]) =>
    async (root: string) => {
      made.push(root);
      return names.map((name) =>
        defineTool({ name, description: 'x', input: { type: 'object' }, execute: () => '' }),
      );
    };
  const builtIn = { files: make('read_file', 'list_files'), fetch: make('fetch') };
  const findings = new Findings(folder);
  const value = await parseSource({ file: 'x.yaml', text: '[files, fetch, toString]' }, findings);
  const context = { subject: 'tools', findings, code: createCodeLoader(folder, []) };
  expect(await toolsKind(builtIn).read(value!, context)).toBeUndefined();
  expect(() => findings.throwIfAny()).toThrow(/neither tools\/toString\.ts/);
  const sound = await parseSource({ file: 'x.yaml', text: '[files, fetch]' }, findings);
  const tools = (await toolsKind(builtIn).read(sound!, context)) as readonly Tool[]; // by its kind
  expect(tools.map(({ name }) => name)).toEqual(['read_file', 'list_files', 'own_fetch']);
  expect(new Set(made)).toEqual(new Set([folder]));
});

test.each([
  ['[SerperDevTool]', 'SerperDevTool is a class of crewAI'],
  ['[{ python: my.tools.Search }]', 'Code in Python cannot be run here'],
  ['[./tools/plain.mjs#plain]', 'names code that is not a tool made by defineTool'],
  ['["custom:a b"]', 'does not end with a name'],
  ['[{ module: ./tools/plain.mjs, exports: plain }]', 'has no "exports"'],
  ['[./tools/plain.mjs#a#b]', 'Write one #'],
  ['[12]', 'It is 12. Write a name'],
  ['search', 'must be a list of tools'],
])('tools: %s', async (tools, message) => {
  const files = {
    'agents.yaml': `${AGENTS}  tools: ${tools}\n`,
    'tasks.yaml': TASKS,
    'tools/plain.mjs': 'export const plain = 1;',
  };
  expect(await problemsOf(files)).toEqual([expect.stringContaining(message)]);
});

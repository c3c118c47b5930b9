// Plants one violation of each kind in a temporary folder and expects exactly that finding.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { checkLayers } from './check-layers.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Writes files, given as path and the modules they import, and checks them. */
function check(
  files: Readonly<Record<string, string | readonly string[]>>,
  doors?: readonly string[],
): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), 'check-layers-'));
  folders.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const imports = (names: readonly string[]) => names.map((name) => `import '${name}'\n`).join('');
    writeFileSync(join(root, path), typeof content === 'string' ? content : imports(content));
  }
  return checkLayers(root, doors);
}

test('downward imports, imports of the own folder and packages are fine', () => {
  const findings = check({
    'base/errors.ts': ['node:fs', 'undici'],
    'base/json.ts': ['./errors.ts'],
    'ports/model.ts': ['../base/json.ts'],
    'model/deep/retry.ts': ['../../ports/model.ts', '../collect.ts'],
    'model/collect.ts': [],
    'models/openai/chat.ts': ['../../ports/model.ts', '../scripted.ts'],
    'models/scripted.ts': [],
    'testing/index.ts': ['../models/scripted.ts'],
    'run/runtime.ts': ['../model/collect.ts'],
    'api/agent.ts': ['../run/runtime.ts', '../models/scripted.ts'],
    'hosts/worker.ts': ['../api/agent.ts'],
    'index.ts': ['./api/agent.ts', './models/scripted.ts'],
    'cli/main.ts': ['../index.ts', './print.ts'],
    'cli/print.ts': [],
  });
  expect(findings).toEqual([]);
});

test.each([
  ['upward', 'base/a.ts', 'protocol/b.ts', 'no upward edge, and base is L0, protocol is L1'],
  ['sideways', 'model/a.ts', 'tool/b.ts', 'no sideways edge, and model is L3, tool is L3'],
  ['api to hosts', 'api/a.ts', 'hosts/b.ts', 'no sideways edge, and api is L8, hosts is L8'],
  ['to the public list', 'run/a.ts', 'index.ts', 'no upward edge, and run is L7, index.ts is L9'],
  ['core to adapter', 'run/a.ts', 'stores/b.ts', 'only api, hosts and index.ts import an adapter (stores)'],
  ['adapter to core', 'stores/a.ts', 'observe/b.ts', 'an adapter (stores) imports its own folder'],
  ['adapter to adapter', 'stores/a.ts', 'models/b.ts', 'an adapter (stores) imports its own folder'],
  ['cli to an inner file', 'cli/a.ts', 'base/errors.ts', 'cli imports its own folder and what the package'],
  ['project to an inner file', 'project/a.ts', 'api/b.ts', 'project imports its own folder and what the'],
  ['core to cli', 'api/a.ts', 'cli/b.ts', 'api does not import cli'],
  ['unknown folder', 'utils/a.ts', 'base/b.ts', 'utils has no layer'],
])('%s is found', (_name, from, to, rule) => {
  const findings = check({ [from]: [`../${to}`], [to]: [] });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toContain(`${from} imports ../${to}: ${rule}`);
});

test('every form of import counts, also of types', () => {
  const forms = [
    "import { a } from '../run/b.ts'",
    "import type { A } from '../run/b.ts'",
    "import {\n  a,\n  type A\n} from '../run/b.ts'",
    "export * from '../run/b.ts'",
    "export { a } from '../run/b.ts'",
    "const late = () => import('../run/b.ts')",
    "type A = import('../run/b.ts').A",
  ];
  for (const form of forms) expect(check({ 'base/a.ts': form, 'run/b.ts': [] }), form).toHaveLength(1);
});

test('text that only looks like an import does not count', () => {
  const text = [
    '/** import { a } from "../run/b.ts" */',
    "// import '../run/b.ts'",
    "const page = `import { a } from '../run/b.ts'`",
    'const pattern = text.match(/["\'`]/)',
  ];
  expect(check({ 'base/a.ts': text.join('\n'), 'run/b.ts': [] })).toEqual([]);
});

test('a cycle is found, inside a folder too', () => {
  expect(check({ 'base/a.ts': ['./b.ts'], 'base/b.ts': ['./c.ts'], 'base/c.ts': ['./b.ts'] })).toEqual([
    'base/b.ts -> base/c.ts -> base/b.ts: files form no cycle.',
  ]);
});

test('an import that names no source file, or the package itself, is found', () => {
  const findings = check({
    'base/a.ts': ['./gone.ts', '../../out.ts', './b.js', 'regatta', 'regatta/testing'],
  });
  expect(findings).toHaveLength(5);
});

test('the other doors of the package are open to the command line', () => {
  const files = { 'cli/a.ts': ['../testing/index.ts'], 'testing/index.ts': [] };
  expect(check(files)).toHaveLength(1);
  expect(check(files, ['index.ts', 'testing/index.ts'])).toEqual([]);
});

test('tests and their fixtures import what they like', () => {
  expect(
    check({ 'base/a.test.ts': ['../index.ts'], 'base/b.fixture.ts': ['../index.ts'], 'index.ts': [] }),
  ).toEqual([]);
});

import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { runCli } from './fixtures/process.fixture.ts';

const execute = promisify(execFile);
const modules = fileURLToPath(new URL('../../../../node_modules', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'regatta-create-'));
afterAll(() => rmSync(folder, { recursive: true }));

// What `npm install` would bring: this package, and the schema package that new projects name.
mkdirSync(join(folder, 'node_modules'));
for (const name of ['regatta', 'zod']) symlinkSync(join(modules, name), join(folder, 'node_modules', name));

/** `npm test` of a project: Node's own runner. */
async function runTests(project: string): Promise<string> {
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env; // ours must not reach it
  const { stdout } = await execute(
    process.execPath,
    ['--conditions=@regatta/source', '--test', '--test-reporter=tap'],
    {
      cwd: project,
      env: { ...env, NODE_OPTIONS: '--conditions=@regatta/source' },
    },
  ).catch((error: { stdout: string }) => error);
  return stdout;
}

test.each([
  { name: 'harbour', args: [], target: 'harbour' },
  { name: 'harbour-ts', args: ['--ts', '--provider', 'anthropic'], target: 'harbour-ts' },
])(
  'create crew $name: the project runs, its tests pass, and a new tool in it passes its own',
  async ({ name, args, target }) => {
    const created = await runCli(['create', 'crew', name, ...args], { cwd: folder });
    expect(created).toMatchObject({ code: 0, stderr: '' });
    expect(created.stdout).toContain(`wrote ${name}/package.json`);
    const run = await runCli(['run', target, '--rehearse', '-i', 'topic=tides', '--json'], { cwd: folder });
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({
      totals: { succeeded: 1 },
      runs: [{ output: { tasks: [{ task: 'research' }, { task: 'report' }] } }],
    });
    const tool = await runCli(['create', 'tool', 'find-port', '--json'], { cwd: join(folder, name) });
    expect(JSON.parse(tool.stdout)).toMatchObject({
      files: ['tools/find_port.ts', 'tools/find_port.test.ts'],
    });
    expect(await runTests(join(folder, name))).toMatch(/# tests 6\n[\s\S]*# pass 6\n# fail 0/);
    const report = join(folder, name, 'report.md'); // of the run, or of the test of the crew
    expect(readFileSync(report, 'utf8')).toContain('word_count');
    const pack = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(pack.dependencies.regatta).toMatch(/^\d+\.\d+\.\d+$/);
  },
  60_000,
);

test('what is created has a test that can fail: a tool that counts wrong fails it', async () => {
  await runCli(['create', 'crew', 'wrong'], { cwd: folder });
  const file = join(folder, 'wrong/tools/word_count.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace("word !== ''", 'true'));
  expect(await runTests(join(folder, 'wrong'))).toMatch(/# fail 1/);
}, 60_000);

test('a guardrail that lets all pass fails a test of the project', async () => {
  await runCli(['create', 'crew', 'lax'], { cwd: folder });
  const file = join(folder, 'lax/guardrails/short_enough.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace('words <= MAX_WORDS', 'words > 0'));
  expect(await runTests(join(folder, 'lax'))).toMatch(/# fail 1/);
}, 60_000);

test('versions that new projects pin are those of this workspace', async () => {
  await runCli(['create', 'crew', 'pinned'], { cwd: folder });
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'pinned/package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const versionOf = (name: string) =>
    (JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as { version: string }).version;
  expect(dependencies).toEqual({ regatta: versionOf('regatta'), zod: versionOf('zod') });
});

test('nothing is written over', async () => {
  mkdirSync(join(folder, 'mine'));
  writeFileSync(join(folder, 'mine/notes.txt'), 'mine');
  const crew = await runCli(['create', 'crew', 'mine'], { cwd: folder });
  expect(crew).toMatchObject({ code: 2, stdout: '' });
  expect(crew.stderr).toMatch(/^error cli\/file-exists: .*mine is there already/);
  expect(readdirSync(join(folder, 'mine'))).toEqual(['notes.txt']);
  mkdirSync(join(folder, 'mine/tools'));
  writeFileSync(join(folder, 'mine/tools/wind.test.ts'), 'mine');
  expect((await runCli(['create', 'tool', 'wind'], { cwd: join(folder, 'mine') })).code).toBe(2);
  expect(existsSync(join(folder, 'mine/tools/wind.ts'))).toBe(false); // all or none
});

test.each([
  [['crew', '../up'], 'cli/bad-option: NAME must be letters'],
  [['crew', 'a b'], 'cli/bad-option: NAME must be letters'],
  [['tool', '1st'], 'cli/bad-option: NAME must be letters'],
  [['crew', 'x', '--provider', 'opnai'], '--provider must be one of'],
  [['crew', 'x', '--provider', 'groq'], 'Write --llm groq/MODEL.'],
  [['crew', 'x', '--ts', '--yaml'], 'cannot be used with'],
])('create %j: exit code 2, and nothing is written', async (args, message) => {
  const before = readdirSync(folder);
  const { code, stderr } = await runCli(['create', ...args], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(readdirSync(folder)).toEqual(before);
});

test('.env.example names the variable of the provider that was chosen', async () => {
  await runCli(['create', 'crew', 'keyed', '--llm', 'groq/llama-3.3-70b'], { cwd: folder });
  expect(readFileSync(join(folder, 'keyed/.env.example'), 'utf8')).toContain('GROQ_API_KEY=\n');
  expect(readFileSync(join(folder, 'keyed/crew.yaml'), 'utf8')).toContain('llm: groq/llama-3.3-70b\n');
  await runCli(['create', 'crew', 'keyless', '--provider', 'ollama'], { cwd: folder });
  expect(readFileSync(join(folder, 'keyless/.env.example'), 'utf8')).not.toContain('=');
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { projectSchema } from '../project/index.ts';
import { runCli } from './fixtures/process.fixture.ts';

test('--help shows the commands with examples, and each command shows its own', async () => {
  const [all, run] = await Promise.all([runCli(['--help']), runCli(['run', '--help'])]);
  expect(all).toMatchObject({ code: 0, stderr: '' });
  expect(all.stdout).toMatch(/run \[options\] \[file\][\s\S]*demo[\s\S]*Examples:[\s\S]*regatta demo/);
  expect(run.code).toBe(0);
  for (const option of [
    '--export',
    '--input',
    '--inputs',
    '--concurrency',
    '--llm',
    '--rehearse',
    '--json',
  ]) {
    expect(run.stdout).toContain(option);
  }
  expect(run.stdout).toMatch(/erasable syntax only: no enums, no namespaces/);
});

test('--version is the one of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test.each([
  [['ruin', 'crew.ts'], "unknown command 'ruin'\n(Did you mean run?)"],
  [['run', 'crew.ts', '--strem'], "unknown option '--strem'\n(Did you mean --stream?)"],
  [['create', 'crew'], "missing required argument 'name'"],
  [['schema', 'crews'], "value 'crews' is invalid"],
  [['run', 'a.ts', '--rehearse', '--llm', 'a/b'], "option '--rehearse' cannot be used with option '--llm"],
])('%j: a usage error with a mend, and exit code 2', async (args, message) => {
  const { code, stdout, stderr } = await runCli(args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^error cli\/bad-option: /);
  expect(stderr).toContain(message);
  expect(stderr).toContain('Run it with --help');
});

test('without a command the help goes to stderr, and the exit code is 2', async () => {
  const { code, stdout, stderr } = await runCli([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('Usage: regatta');
});

test('the code of the commands is not loaded for the help', () => {
  const loadedBy = (file: string) => {
    const source = readFileSync(new URL(file, import.meta.url), 'utf8');
    return [...source.matchAll(/^import (?!type ).* from '(.*)';$/gm)].map(([, name]) => name);
  };
  const own = ['./project-commands.ts', './runs-program.ts', './text.ts'];
  expect(loadedBy('main.ts')).toEqual(['node:fs', 'commander', ...own]);
  expect(loadedBy('project-commands.ts')).toEqual(['commander', './runs-program.ts']);
  expect(loadedBy('runs-program.ts')).toEqual(['commander']);
  expect(loadedBy('text.ts')).toEqual(['node:util']);
});

test.each(['run', 'create crew', 'create tool', 'schema', 'train', 'test', 'chat', 'log-tasks-outputs'])(
  'docs/cli.md has %s with its options, and its help has --json',
  async (command) => {
    const page = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8');
    expect(page).toContain(`\`${command}`);
    const { code, stdout } = await runCli([...command.split(' '), '--help']);
    expect(code).toBe(0);
    const options = Array.from(stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm), ([, option]) => option!);
    expect(options).toContain('--json');
    for (const option of options.filter((name) => name !== '--help')) expect(page, option).toContain(option);
  },
);

test('schema prints the schema of the crew file, or of the file that is named', async () => {
  const [crew, agents] = await Promise.all([runCli(['schema']), runCli(['schema', 'agents', '--json'])]);
  expect(JSON.parse(crew.stdout)).toEqual(projectSchema('crew'));
  expect(JSON.parse(agents.stdout)).toEqual(projectSchema('agents'));
});

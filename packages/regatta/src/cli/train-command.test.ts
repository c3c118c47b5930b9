import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, expect, test, vi } from 'vitest';
import type { Person } from './ask-person.ts';
import { fixture, runCli } from './fixtures/process.fixture.ts';
import { type TrainOptions, trainCommand } from './train-command.ts';

vi.setConfig({ testTimeout: 60_000 }); // processes start slowly on a busy machine

const trainable = fixture('trainable.fixture.ts');
const cwd = mkdtempSync(join(tmpdir(), 'regatta-train-'));
afterAll(() => rmSync(cwd, { recursive: true }));

/** A person who types `lines`, one for each question, and then leaves. */
function typing(lines: readonly string[]): Person & { readonly shown: () => string } {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const rest = [...lines];
  let shown = '';
  output.on('data', (chunk) => {
    shown += String(chunk);
    if (!String(chunk).includes('what is to be changed: ')) return;
    const line = rest.shift();
    if (line === undefined) input.end();
    else input.write(`${line}\n`);
  });
  return { isPersonThere: true, input, output, shown: () => shown };
}

const project = join(cwd, 'project');
mkdirSync(project);
writeFileSync(join(project, 'agents.yaml'), 'writer:\n  role: Writer\n  goal: Write\n');
writeFileSync(join(project, 'tasks.yaml'), 'note:\n  description: Note\n  expected_output: A note\n');

/** Trains in this process; gives the exit code, and what came on stdout and stderr. */
async function train(options: TrainOptions, person: Person, path = trainable) {
  const told = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      told[name] += String(text);
      return true;
    }),
  );
  try {
    const code = await trainCommand(path, { input: ['topic=tides'], ...options }, person);
    return { code, ...told };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

test('a person sends a draft back; what is learnt is printed, kept in the file, and each run is a line', async () => {
  const file = join(cwd, 'learnt.json');
  const person = typing(['Where is the moon?', 'yes', 'yes']);
  const { code, stdout, stderr } = await train({ iterations: '2', file }, person);
  expect({ code, stdout }, stderr).toEqual({
    code: 0,
    stdout: `Writer: 4 of 10. Too short.\n  - Name the moon.\nkept in ${file}\n`,
  });
  expect(person.shown()).toMatch(/A note\n[\s\S]*A note with the moon\n[\s\S]*A note\n/);
  expect(stderr).toMatch(/notes 1\/2: task note done[\s\S]*notes 2\/2: succeeded/);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    agents: { Writer: { suggestions: ['Name the moon.'], quality: 4 } },
  });
  const more = await train({ iterations: '1', file, json: true }, typing(['y']));
  expect(JSON.parse(more.stdout)).toMatchObject({
    rehearsal: null,
    iterations: 1,
    inputs: { topic: 'tides' },
    result: { version: 1, agents: { Writer: { summary: 'Too short.' } } }, // what is there stays
  });
});

test('a rehearsal keeps nothing, and drafts that are accepted teach nothing', async () => {
  const file = join(cwd, 'rehearsed.json');
  const { code, stdout } = await train({ iterations: '1', file, rehearse: true }, typing(['yes']), project);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^Nothing was sent back, so there was nothing to learn\.\nnot kept: it was a rehearsal\nrehearsal: /,
  );
  expect(existsSync(file)).toBe(false);
});

test('a person who leaves ends the training with an error, and nothing is kept', async () => {
  const file = join(cwd, 'left.json');
  const { code, stdout, stderr } = await train({ iterations: '1', file }, typing([]));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('error cli/no-terminal: ');
  expect(existsSync(file)).toBe(false);
});

test('without a terminal nobody reviews, which is said before anything runs', async () => {
  const { code, stdout, stderr } = await runCli(['train', trainable, '-i', 'topic=tides'], {
    cwd,
    stdin: 'yes\n',
  });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error cli\/no-terminal: regatta train puts every draft before a person/);
});

test('test: the crew judges itself unless a judge is named, and the scores are a table, or JSON', async () => {
  const { code, stdout, stderr } = await runCli(['test', trainable, '-i', 'topic=tides', '-n', '2'], { cwd });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^task +agent +#1 +#2 +average +ms +USD\nnote +Writer +7 +7 +7\.0 /);
  expect(stdout).toContain('Average 7.0 of 10; ');
  expect(stderr).toMatch(/notes 1\/2: task note done \(1\/1 done\)/);
  const json = await runCli(['test', trainable, '-i', 'topic=tides', '-n', '1', '--json'], { cwd });
  expect(JSON.parse(json.stdout)).toMatchObject({
    rehearsal: null,
    iterations: 1,
    inputs: { topic: 'tides' },
    result: {
      averageScore: 7,
      iterations: [{ tasks: [{ task: 'note', score: 7, reason: 'It is short.' }] }],
    },
  });
});

test('test of a project in rehearsal: nobody is asked, not even the judge', async () => {
  const { code, stdout } = await runCli(['test', project, '-n', '1', '--rehearse']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/note +Writer +\d+/);
  expect(stdout).toContain('rehearsal: no model was asked');
  const alone = await runCli(['test', project, '-n', '1']);
  expect(alone).toMatchObject({ code: 2, stdout: '' });
  expect(alone.stderr).toContain('error cli/bad-option: No model is named that marks.');
});

test('a failure of the crew is exit code 1, a wrong command is 2', async () => {
  const failed = await runCli(['test', trainable, '-n', '1'], { cwd });
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain('#1 failed: inputs/missing: ');
  for (const args of [
    ['--iterations', '0'],
    ['--inputs', 'gone.json'],
    ['--export', 'gone'],
  ]) {
    expect(await runCli(['test', trainable, ...args], { cwd }), args.join(' ')).toMatchObject({
      code: 2,
      stdout: '',
    });
  }
});

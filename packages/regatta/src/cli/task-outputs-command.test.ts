import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Agent, Crew, createRuntime, jsonlSink, Task } from '../index.ts';
import { scriptedModel } from '../testing/index.ts';
import { runCli } from './fixtures/process.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'regatta-outputs-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'events.jsonl');

/** Two runs in one file: the first succeeds, the second fails in its second task. */
async function writeRuns(): Promise<readonly string[]> {
  const error = new Error('no wind');
  const llm = scriptedModel(['A\nlist', 'A note', 'Another list', { error }]);
  const agent = new Agent({ role: 'Writer', goal: 'Write', llm });
  const task = (name: string) => new Task({ name, description: name, expectedOutput: 'x', agent });
  const crew = new Crew({ agents: [agent], tasks: [task('list'), task('note'), task('last')].slice(0, 2) });
  await using runtime = createRuntime({ callbacks: [jsonlSink(file)] });
  const ids: string[] = [];
  for (let count = 0; count < 2; count++) {
    const run = runtime.start(crew);
    ids.push(run.id);
    await Promise.allSettled([run.result]);
    await run.flush();
  }
  return ids;
}

test('the tasks of the last run, or of the one that is named, from real events', async () => {
  const [first, second] = await writeRuns();
  const last = await runCli(['log-tasks-outputs', '--events', file]);
  expect(last).toEqual({
    code: 0,
    stdout: `run ${second}\n1. list by Writer: done\n   Another list\n2. note by Writer: failed: unknown\n`,
    stderr: '',
  });
  const named = await runCli(['log-tasks-outputs', '--events', file, '--run', first!, '--json']);
  expect(JSON.parse(named.stdout)).toEqual({
    runId: first,
    tasks: [
      { task: 'list', agent: 'Writer', status: 'done', text: 'A\nlist', parsed: null, error: null },
      { task: 'note', agent: 'Writer', status: 'done', text: 'A note', parsed: null, error: null },
    ],
  });
  const cut = readFileSync(file, 'utf8')
    .split('\n')
    .findLastIndex((line) => line.includes('"task.end"'));
  const broken = join(folder, 'cut.jsonl');
  writeFileSync(broken, readFileSync(file, 'utf8').split('\n').slice(0, cut).join('\n'));
  expect((await runCli(['log-tasks-outputs', '--events', broken])).stdout).toContain(
    '2. note by Writer: running\n',
  );
});

test('the tasks of a run from a journal: all of one that succeeded, names of one that did not', async () => {
  const journal = join(folder, 'runs.db');
  const error = new Error('no wind');
  const llm = scriptedModel(['A list', '{"knots":12}', 'Another list', { error }]);
  const agent = new Agent({ role: 'Writer', goal: 'Write', llm });
  const own = { description: 'Do it', expectedOutput: 'x', agent };
  const output = { type: 'object', properties: { knots: { type: 'number' } } } as const;
  const tasks = [
    new Task({ ...own, name: 'list' }),
    new Task({ ...own, name: 'never', when: () => false }),
    new Task({ ...own, name: 'note', output }),
    new Task({ ...own, name: 'end', when: () => false }),
  ];
  const crew = new Crew({ agents: [agent], tasks });
  const ids: string[] = [];
  {
    await using runtime = createRuntime({ journal });
    for (let count = 0; count < 2; count++) {
      const run = runtime.start(crew);
      ids.push(run.id);
      await Promise.allSettled([run.result]);
    }
  }
  const [first, second] = ids;
  const done = await runCli(['log-tasks-outputs', first!, '--journal', journal, '--json']);
  expect(JSON.parse(done.stdout)).toEqual({
    runId: first,
    tasks: [
      { task: 'list', agent: 'Writer', status: 'done', text: 'A list', parsed: null, error: null },
      { task: 'never', agent: 'Writer', status: 'skipped', text: null, parsed: null, error: null },
      {
        task: 'note',
        agent: 'Writer',
        status: 'done',
        text: '{"knots":12}',
        parsed: { knots: 12 },
        error: null,
      },
      { task: 'end', agent: 'Writer', status: 'skipped', text: null, parsed: null, error: null },
    ],
  });
  const failed = await runCli(['log-tasks-outputs', '--run', second!, '--journal', journal]);
  expect(failed).toEqual({
    code: 0,
    stdout: `run ${second}\n1. list: running\n2. never: running\n3. note: running\n`,
    stderr: '',
  });
});

test.each([
  [[], 'Nothing is named to read'],
  [['--journal', 'J', '--events', 'E'], 'cannot be used with'],
  [['gone', '--journal', join(folder, 'runs.db')], 'has no run "gone"'],
  [['--journal', join(folder, 'empty.db')], 'has no run of a crew'],
  [['--events', 'gone.jsonl'], 'cli/file-not-found'],
  [['--events', join(folder, 'text.txt')], 'Line 1 of'],
  [['--events', join(folder, 'none.jsonl')], 'has no event of a task'],
  [['--events', join(folder, 'one.jsonl'), '--run', 'x'], 'has no tasks of run x'],
])('%j: exit code 2', async (args, message) => {
  writeFileSync(join(folder, 'text.txt'), 'hello\n');
  writeFileSync(join(folder, 'none.jsonl'), '{"type":"run.start","runId":"a"}\n');
  writeFileSync(join(folder, 'one.jsonl'), '{"type":"task.start","runId":"a","task":"t","agent":"b"}\n');
  const { code, stdout, stderr } = await runCli(['log-tasks-outputs', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});

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

test.each([
  [[], 'No file of events is named'],
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

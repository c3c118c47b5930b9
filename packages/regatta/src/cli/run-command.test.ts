import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { type Finished, fixture, runCli } from './fixtures/process.fixture.ts';
import type { RunsDocument } from './report-json.ts';

const folder = mkdtempSync(join(tmpdir(), 'regatta-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

const greeter = fixture('greeter.fixture.ts');
const inputsOf = (name: string, inputs: unknown): string => {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(inputs));
  return file;
};

function documentOf({ stdout }: Finished): RunsDocument {
  return JSON.parse(stdout) as RunsDocument;
}

test('without a terminal there are plain lines, and no control codes even where colour is forced', async () => {
  const done = await runCli(['run', greeter, '-i', 'name=Ada', '-i', 'verb=Count']);
  expect(done.code).toBe(0);
  expect(done.stderr.replace(/\d+\.\d s/, '0.1 s').split('\n')).toEqual([
    'a line from a tool',
    'greeter: task greet done (1/2 done)',
    'greeter: task count done (2/2 done)',
    'greeter: succeeded after 0.1 s (3 calls, 45 tokens, cost <$0.0001)',
    '',
  ]);
  expect(done.stdout.replace(/\d+\.\d s/, '0.1 s').split('\n')).toEqual([
    'greeter succeeded after 0.1 s',
    'inputs: {"name":"Ada","verb":"Count"}',
    'output:',
    '{',
    '  "length": 5',
    '}',
    'usage: 3 calls, 45 tokens (30 in, 15 out), cost <$0.0001',
    '',
  ]);
  for (const text of [done.stdout, done.stderr]) expect(stripVTControlCharacters(text)).toBe(text);
});

test('--json: stdout is one document, whatever the tools write on the console', async () => {
  const done = await runCli(['run', greeter, '--json', '-i', 'name=Ada', '-i', 'verb=Count']);
  expect(done.code).toBe(0);
  expect(done.stderr).toContain('a line from a tool');
  const { runs, totals, rehearsal } = documentOf(done);
  expect(rehearsal).toBeNull();
  expect(runs).toEqual([
    {
      runId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: 'succeeded',
      inputs: { name: 'Ada', verb: 'Count' },
      output: {
        text: '{"length":5}',
        parsed: { length: 5 },
        tasks: [
          { task: 'greet', agent: 'Greeter', text: 'Hello, Ada.', parsed: null },
          { task: 'count', agent: 'Counter', text: '{"length":5}', parsed: { length: 5 } },
        ],
      },
      usage: expect.objectContaining({ calls: 3, totalTokens: 45, byTask: expect.anything() }),
      error: null,
      audit: expect.objectContaining({ emitted: expect.any(Number), dropped: 0, balance: 0 }),
      rehearsal: null,
    },
  ]);
  expect(totals).toMatchObject({ runs: 1, succeeded: 1, failed: 0, cancelled: 0, calls: 3, totalTokens: 45 });
});

test('an array of inputs: one run each, settled, in order, and one that fails fails alone', async () => {
  const all = inputsOf('all.json', [
    { name: 'Ada', verb: 'Count' },
    { name: 'Bob', verb: 'Refuse' },
    { name: 'Eve', verb: 'Count' },
  ]);
  const done = await runCli(['run', greeter, '--inputs', all, '--json', '--concurrency', '2']);
  expect(done.code).toBe(1);
  const { runs, totals } = documentOf(done);
  expect(runs.map(({ inputs, status }) => [inputs.name, status])).toEqual([
    ['Ada', 'succeeded'],
    ['Bob', 'failed'],
    ['Eve', 'succeeded'],
  ]);
  expect(runs[1]).toMatchObject({
    output: { text: null, parsed: null, tasks: [{ task: 'greet', agent: 'Greeter', text: 'Hello, Bob.' }] },
    error: {
      code: 'model/authentication',
      message: 'The key is wrong. Correct it.',
      details: { status: 401 },
    },
    usage: { calls: 3 },
  });
  expect(totals).toMatchObject({ runs: 3, succeeded: 2, failed: 1, calls: 9 });
});

test('a failed run prints its error and all that was reached, and the exit code is 1', async () => {
  const { code, stdout, stderr } = await runCli(['run', greeter, '-i', 'name=Ada', '-i', 'verb=Refuse']);
  expect(code).toBe(1);
  expect(stdout).toContain('\nerror model/authentication: The key is wrong. Correct it.\n');
  expect(stdout).toContain('\nreached: task greet: Hello, Ada.\n');
  expect(stdout).toMatch(/\nusage: 3 calls, 30 tokens/);
  expect(stderr).toContain('greeter: task count failed: model/authentication (1/2 done)\n');
});

test('missing inputs and a missing model are mended in terms of the command line', async () => {
  const [inputs, llm] = await Promise.all([
    runCli(['run', greeter]),
    runCli(['run', fixture('other-copy.fixture.ts')]),
  ]);
  expect(inputs).toMatchObject({ code: 1 });
  expect(inputs.stdout).toMatch(/error inputs\/missing: .*\nhint: give --input name=… --input verb=…\n/);
  expect(llm.stdout).toMatch(/error llm\/missing: .*\nhint: give --llm provider\/model, or --rehearse\n/);
});

test.each([['--rehearse'], ['--llm=rehearsal']])(
  '%s: every output says that no model was asked',
  async (option) => {
    const args = ['run', fixture('other-copy.fixture.ts'), option, '--stream'];
    const [text, json] = await Promise.all([runCli(args), runCli([...args, '--json'])]);
    const note = 'rehearsal: no model was asked';
    expect(text).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`\n${note}\n$`)) });
    expect(json).toMatchObject({ code: 0, stderr: expect.stringContaining(note) });
    expect(documentOf(json)).toMatchObject({ rehearsal: note, runs: [{ rehearsal: note }] });
  },
);

test('--rehearse asks no model, also where the crew names one', async () => {
  const { code, stdout } = await runCli([
    'run',
    greeter,
    '--rehearse',
    '-i',
    'name=Ada',
    '-i',
    'verb=Refuse',
  ]);
  expect(code).toBe(0);
  expect(stdout).toContain('rehearsal: no model was asked');
});

test.each([
  [['--input', 'topic'], 'cli/bad-option'],
  [['--inputs', 'gone.json'], 'cli/file-not-found'],
  [['--concurrency', '0'], 'cli/bad-option'],
  [['--concurrency', 'many'], 'cli/bad-option'],
  [['--llm', 'gpt'], 'llm/bad-model'],
  [['--export', 'label'], 'cli/no-crew'],
])('%j: exit code 2 before any run', async (args, errorCode) => {
  const { code, stdout, stderr } = await runCli(['run', fixture('two-crews.fixture.ts'), ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^error ${errorCode}: .+\\. .+\\.\n$`));
});

test('--record keeps what models answer, and --replay plays it: no model is asked', async () => {
  const tape = join(folder, 'tape.json');
  const run = (...more: string[]) =>
    runCli(['run', greeter, '--json', '-i', 'name=Ada', '-i', 'verb=Count', ...more]);
  const recorded = await run('--record', tape);
  expect(recorded.code).toBe(0);
  writeFileSync(tape, readFileSync(tape, 'utf8').replaceAll('Hello, Ada.', 'Hello from the tape.'));
  const played = await run('--replay', tape);
  expect(documentOf(played).runs[0]?.output.tasks[0]?.text).toBe('Hello from the tape.');
  expect(documentOf(played).totals).toEqual(documentOf(recorded).totals);
  const drifted = await runCli([
    'run',
    greeter,
    '--json',
    '-i',
    'name=Bob',
    '-i',
    'verb=Count',
    '--replay',
    tape,
  ]);
  expect(drifted.code).toBe(1);
  expect(documentOf(drifted).runs[0]?.error?.code).toBe('cassette/drift');
  expect((await run('--replay', tape, '--record', tape)).code).toBe(2);
});

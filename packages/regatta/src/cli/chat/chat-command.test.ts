import { expect, test } from 'vitest';
import { fixture, runCli } from '../fixtures/process.fixture.ts';

const desk = fixture('port-desk.fixture.ts');

test('the agent asks for what is missing, runs the crew with it, and tells what came out', async () => {
  const stdin = 'I want a report\nfor the port of Brest\n';
  const { code, stdout, stderr } = await runCli(['chat', desk, '-i', 'ship=Endeavour'], { stdin });
  expect(stdout).toBe('Which port?\nThe desk says: Brest is open to Endeavour.\n');
  expect(stderr).toBe('task report by Clerk\ntask report done\n');
  expect(code).toBe(0);
});

test('--json: a line for each message, with the runs of the crew', async () => {
  const { stdout, code } = await runCli(['chat', desk, '-i', 'ship=Endeavour', '--json'], {
    stdin: 'hello\n\nthe port of Brest\n/exit\nnever read\n',
  });
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toEqual([
    { message: 'hello', reply: 'Which port?', runs: [], error: null },
    {
      message: 'the port of Brest',
      reply: 'The desk says: Brest is open to Endeavour.',
      runs: [{ runId: expect.stringMatching(/^[0-9a-f-]{36}$/), status: 'succeeded' }],
      error: null,
    },
  ]);
});

test('an input that the agent leaves out is never made up: the tool refuses, and the crew does not run', async () => {
  const { stdout } = await runCli(['chat', desk, '--json'], { stdin: 'the port of Brest\n' });
  const line = JSON.parse(stdout) as { reply: string; runs: unknown[] };
  expect(line.runs).toEqual([]);
  expect(line.reply).toMatch(/ship/);
});

test('an answer that fails is said, the chat goes on, and the exit code is 1', async () => {
  const { code, stdout, stderr } = await runCli(['chat', fixture('other-copy.fixture.ts'), '--json'], {
    stdin: 'a\nb\n',
  });
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { error: { code: string } }).error.code),
  ).toEqual(['llm/missing', 'llm/missing']);
  expect(stderr).toContain('hint: give --llm provider/model, or --rehearse');
  expect(code).toBe(1);
});

test('a rehearsal says that it is one', async () => {
  const { code, stdout, stderr } = await runCli(['chat', desk, '--rehearse', '-i', 'ship=Endeavour'], {
    stdin: 'go\n',
  });
  expect(stderr).toContain('rehearsal: no model was asked');
  expect(stdout).toContain('[rehearsal]');
  expect(code).toBe(0);
});

test('Ctrl-C stops the answer and the crew behind it, and the chat goes on', async () => {
  let isSent = false;
  const { code, stdout, stderr } = await runCli(['chat', fixture('slow-desk.fixture.ts'), '--json'], {
    stdin: 'run\nhello\n',
    onStderr: (text, child) => {
      if (isSent || !text.includes('the crew waits')) return;
      isSent = true;
      child.kill('SIGINT');
    },
  });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { reply: string; error: { code: string }; runs: unknown });
  expect(lines, stderr).toMatchObject([
    { reply: null, error: { code: 'run/cancelled' }, runs: [{ status: 'cancelled' }] },
    { reply: 'Hello.', error: null, runs: [] },
  ]);
  expect(code).toBe(1);
});

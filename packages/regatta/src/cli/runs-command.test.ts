import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { fixture, runCli } from './fixtures/process.fixture.ts';

vi.setConfig({ testTimeout: 120_000 }); // processes start slowly on a busy machine

const folder = mkdtempSync(join(tmpdir(), 'regatta-runs-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = fixture('asking.fixture.ts');

test('a run that asks is suspended without a terminal, listed, shown, answered, resumed, replayed and removed', async () => {
  const calls = join(folder, 'calls');
  writeFileSync(calls, '');
  const count = () => readFileSync(calls, 'utf8').length;
  const journal = ['--journal', join(folder, 'runs.db')];
  const cli = async (...args: string[]) => await runCli([...args, ...journal], { env: { CALLS: calls } });

  const first = await cli('run', file, '-i', 'name=Ada');
  expect(first.code).toBe(3);
  expect(first.stdout).toContain('clerk suspended after');
  const [, token, runId] = /regatta runs respond ((\S+?)\/\S+) /.exec(first.stdout)!;
  expect(first.stdout).toContain(`then regatta resume ${runId}`);

  const list = await cli('runs', 'list', '--status', 'suspended');
  expect(list.stdout).toMatch(new RegExp(`^${runId} suspended clerk \\d{4}-`));
  const show = await cli('runs', 'show', runId!);
  expect(show.stdout).toContain(`waits for: approval ${token}: Send it? {"to":"Ada"}`);
  expect(show.stdout).toContain('inputs: {"name":"Ada"}');
  expect(show.stdout).toContain('  send/agent/turn-1:model');

  expect((await cli('runs', 'respond', token!, 'yes')).code).toBe(2);
  expect((await cli('runs', 'respond', token!, '{"approved":"yes"}')).stderr).toContain(
    'input/invalid-answer',
  );
  expect((await cli('runs', 'respond', token!, '{"approved":true}')).code).toBe(0);
  expect((await cli('runs', 'respond', token!, '{"approved":true}')).stderr).toContain('input/unknown-token');

  expect(count()).toBe(1);
  const resumed = await cli('resume', runId!, '--json'); // the run's ref says where the crew is
  expect(resumed.code).toBe(0);
  expect(JSON.parse(resumed.stdout).runs).toMatchObject([
    { runId, status: 'succeeded', output: { text: 'sent' } },
  ]);
  expect(count()).toBe(2);

  const replayed = await cli('runs', 'replay', runId!, file, '--from', 'send', '-i', 'name=Bob', '--json');
  expect(replayed.code).toBe(3);
  expect(JSON.parse(replayed.stdout).runs[0]).toMatchObject({ status: 'suspended', inputs: { name: 'Ada' } });
  const forked = await cli('runs', 'fork', runId!, '--from', 'send/agent/turn-2:model', '--json');
  expect(JSON.parse(forked.stdout).runs).toMatchObject([{ status: 'succeeded', output: { text: 'sent' } }]);
  const listed = JSON.parse((await cli('runs', 'list', '--json')).stdout);
  expect(
    listed.map(({ inputs, parent }: { inputs: object; parent: object | null }) => [inputs, parent]),
  ).toEqual([
    [{ name: 'Ada' }, { runId, from: 'send/agent/turn-2:model', kept: 4 }],
    [{ name: 'Bob' }, { runId, from: 'send', kept: 0 }],
    [{ name: 'Ada' }, null],
  ]);

  expect((await cli('runs', 'prune', '--older-than', '1d')).stdout).toBe('0 removed\n');
  expect((await cli('runs', 'prune', '--keep', '1')).stdout).toBe('1 removed\n');
  expect((await cli('runs', 'remove', listed[1].runId, 'nobody')).stdout).toContain('1 removed; the others');
  expect((await cli('runs', 'list')).stdout.trim().split('\n')).toHaveLength(1);
});

test('without a terminal and without a journal it says so, and nobody answers for the user', async () => {
  const done = await runCli(['run', file, '-i', 'name=Ada']);
  expect(done.stderr).toContain('error cli/no-terminal: The run asks "Send it?"');
  expect(done.stdout).not.toContain('output: sent');
});

test.each([
  [['runs', 'list'], 'error cli/bad-option'],
  [['runs', 'list', '--journal', 'J', '--status', 'lost'], 'one of running, suspended'],
  [['runs', 'prune', '--journal', 'J', '--older-than', 'long'], 'such as 30m, 12h or 7d'],
  [['runs', 'show', 'x', '--journal', 'J'], 'has no run "x"'],
  [['resume', 'x', '--journal', 'J'], 'error journal/unknown-run'],
])('%j is refused with what to do', async (args, message) => {
  const done = await runCli(args.map((arg) => (arg === 'J' ? join(folder, 'empty.db') : arg)));
  expect([done.code, done.stderr.includes(message)]).toEqual([2, true]);
});

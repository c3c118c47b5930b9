import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { fixture, type ProcessOptions, runCli } from './fixtures/process.fixture.ts';
import { watchInterrupts } from './interrupt.ts';
import type { RunsDocument } from './report-json.ts';

const folder = mkdtempSync(join(tmpdir(), 'regatta-interrupt-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inputs = join(folder, 'inputs.json');
writeFileSync(inputs, '[{}, {}, {}]');

/** Sends `signal` once, when two runs have done their first task. */
function signalAfterTwo(signal: NodeJS.Signals): ProcessOptions {
  let isSent = false;
  return {
    onStderr(stderr, child) {
      if (isSent || stderr.split('task talk done').length < 3) return;
      isSent = true;
      child.kill(signal);
    },
  };
}

const hanging = ['run', fixture('hanging.fixture.ts'), '--inputs', inputs, '--concurrency', '2'];

test('an interrupt cancels the runs, prints what there is, and the exit code is 130', async () => {
  const { code, stdout, stderr } = await runCli([...hanging, '--json'], signalAfterTwo('SIGINT'));
  expect(code).toBe(130);
  expect(stderr).toContain('SIGINT: cancelling the runs. Press Ctrl-C again to quit at once.\n');
  const { runs, totals } = JSON.parse(stdout) as RunsDocument;
  expect(totals).toMatchObject({ runs: 3, cancelled: 3, calls: 4 });
  for (const run of runs.slice(0, 2)) {
    expect(run).toMatchObject({
      status: 'cancelled',
      error: { code: 'run/cancelled', details: { reason: 'interrupted by SIGINT' } },
      output: { text: null, tasks: [{ task: 'talk', text: 'The first half.' }] },
      usage: { calls: 2 },
      audit: { orphaned: 1 }, // the tool that ignores its signal
    });
  }
  expect(runs[2]).toMatchObject({ runId: null, status: 'cancelled', usage: null, audit: null });
});

test('SIGTERM does the same, with its own exit code, and people are told what was reached', async () => {
  const { code, stdout } = await runCli(hanging, signalAfterTwo('SIGTERM'));
  expect(code).toBe(143);
  expect(stdout.match(/^error run\/cancelled: /gm)).toHaveLength(3);
  expect(stdout.match(/^reached: task talk: The first half\.$/gm)).toHaveLength(2);
  expect(stdout).toContain('hanging 3/3 cancelled before it started\n');
});

test('a second interrupt quits at once, whatever the runs do', async () => {
  let again: NodeJS.Timeout | undefined;
  const { code, stdout } = await runCli(['run', fixture('stuck.fixture.ts')], {
    onStderr(_stderr, child) {
      again ??= setInterval(() => child.kill('SIGINT'), 50);
    },
  });
  clearInterval(again);
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
});

test('a signal that npm passes on right after the key press is not a second one', () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  const listeners = process.listenerCount('SIGINT');
  const messages: string[] = [];
  const interrupt = watchInterrupts((message) => messages.push(message));
  expect(interrupt).toMatchObject({ exitCode: undefined, signal: { aborted: false } });
  process.emit('SIGINT');
  process.emit('SIGINT');
  expect(exit).not.toHaveBeenCalled();
  expect(interrupt).toMatchObject({ exitCode: 130, signal: { aborted: true } });
  expect(messages).toHaveLength(1);
  interrupt[Symbol.dispose]();
  expect(process.listenerCount('SIGINT')).toBe(listeners);
  exit.mockRestore();
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Agent, Crew, Task } from '../index.ts';
import { scriptedModel } from '../testing/index.ts';
import { HOOK_TIMEOUT_MS } from './call-hook.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('a hook that is not done in time ends its task, and is counted until it settles', async () => {
  const hangs = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const agent = new Agent({ role: 'r', goal: 'g', llm: scriptedModel(['done']) });
  const task = new Task({
    description: 'd',
    expectedOutput: 'e',
    agent,
    callback: () => {
      reached.resolve();
      return hangs.promise;
    },
  });
  const run = new Crew({ agents: [agent], tasks: [task] }).start();
  await reached.promise;
  expect(run.status).toBe('running');
  vi.advanceTimersByTime(HOOK_TIMEOUT_MS - 1);
  expect(run.audit().orphaned).toBe(0);
  vi.advanceTimersByTime(1);
  await expect(run.result).rejects.toMatchObject({
    code: 'hook/timeout',
    details: { timeoutMs: HOOK_TIMEOUT_MS },
  });
  expect(run.audit().orphaned).toBe(1);
  hangs.resolve();
  await hangs.promise;
  await Promise.resolve();
  expect(run.audit().orphaned).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

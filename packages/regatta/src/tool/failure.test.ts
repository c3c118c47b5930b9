/** What a tool's failure comes to: told to the model, tried again, or the end of the task. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createCore } from '../api/core.ts';
import { defineTool, onFailureOf, type Tool, ToolError, withPolicy } from '../index.ts';
import { createGate, createManualClock, memoryJournal } from '../testing/index.ts';
import { calls, crewOf, endsOf, payTool, traceOf } from './tools.fixture.ts';

const busy = (): never => {
  throw new ToolError('The bank is busy.', { code: 'busy', retryable: true });
};

test('a failure that says so is tried again by the clock of the run, at most `retries` times', async () => {
  const clock = createManualClock();
  /** Of each call, how often it was tried. */
  const tries = new Map<string, number>();
  const { tool } = payTool({
    retries: 2,
    execute: ({ amount }, { idempotencyKey }) => {
      const count = (tries.get(idempotencyKey) ?? 0) + 1;
      tries.set(idempotencyKey, count);
      return count < amount ? busy() : `paid in try ${count}`;
    },
  });
  const { crew } = crewOf([tool], [calls('pay', { amount: 3 }), calls('pay', { amount: 9 }), 'done']);
  const run = crew.start({ runtime: { core: createCore({ clock, random: () => 1 }) } });
  const counts = (): readonly number[] => [...tries.values()];
  await expect.poll(() => clock.timers).toBe(1);
  await clock.advance(499);
  expect(counts()).toEqual([1]);
  await clock.advance(1);
  expect(counts()).toEqual([2]);
  await clock.advance(999);
  expect(counts()).toEqual([2]); // the pause is doubled
  await clock.advance(1);
  await expect.poll(counts).toEqual([3, 1]);
  await clock.advance(60_000);
  await run.result;
  expect(counts()).toEqual([3, 3]); // one idempotency key for each call, not for each try
  const [first, second] = endsOf(await traceOf(run));
  expect(first).toMatchObject({ result: 'paid in try 3', error: null, attempts: 3 });
  expect(second).toMatchObject({ error: { details: { toolCode: 'busy', retryable: true } }, attempts: 3 });
});

test('what is not said to be retryable is not tried again, and nothing is without `retries`', async () => {
  let tries = 0;
  const { tool: broken } = payTool({
    retries: 5,
    execute: () => {
      tries++;
      throw Object.assign(new Error('no such account'), { code: 'ENOENT' });
    },
  });
  const { tool: once } = payTool({
    execute: () => {
      tries++;
      return busy();
    },
  });
  const { crew } = crewOf(
    [broken, { ...once, name: 'once' }],
    [calls('pay', { amount: 1 }), calls('once', { amount: 1 }), 'done'],
  );
  const run = crew.start();
  await run.result;
  expect(tries).toBe(2);
  const ends = endsOf(await traceOf(run));
  expect(ends.map(({ error }) => error?.details)).toEqual([
    { tool: 'pay', toolCode: 'ENOENT', retryable: false },
    { tool: 'once', toolCode: 'busy', retryable: true },
  ]);
  expect(ends.every((end) => !('attempts' in end))).toBe(true);
});

test('the time of a use holds for all its tries and pauses together', async () => {
  const { tool } = payTool({ retries: 1000, timeoutMs: 20, execute: busy });
  const { crew } = crewOf([tool], [calls('pay', { amount: 1 }), 'gave up']);
  const run = crew.start({ runtime: { core: createCore({ clock: createManualClock() }) } });
  await run.result;
  expect(endsOf(await traceOf(run))[0]!.error?.code).toBe('tool/timeout');
});

test('with onFailure fail the task fails with the error of the tool; other calls of the turn are cancelled', async () => {
  const started = createGate();
  let signal: AbortSignal | undefined;
  const slow = defineTool({
    name: 'slow',
    description: 'Never answers.',
    input: z.object({}),
    execute: (_args, context) => {
      signal = context.signal;
      void started.pass();
      return new Promise(() => undefined);
    },
  });
  const cause = new Error('the account is closed');
  const { tool } = payTool({
    onFailure: 'fail',
    execute: async () => {
      await started.reached;
      throw cause;
    },
  });
  const waiting = Array.from({ length: 9 }, () => ({ tool: 'slow', args: {} }));
  const toolCalls = [{ tool: 'slow', args: {} }, { tool: 'pay', args: { amount: 1 } }, ...waiting];
  const { crew, llm } = crewOf([slow, tool], [{ toolCalls }, 'never']);
  const run = crew.start();
  await expect(run.result).rejects.toMatchObject({ code: 'tool/failed', cause, details: { tool: 'pay' } });
  expect(llm.requests).toHaveLength(1);
  expect(signal?.aborted).toBe(true);
  const ends = endsOf(await traceOf(run));
  expect(ends).toHaveLength(8); // those that waited for their turn did not begin
  expect(ends.map(({ error }) => error?.code).sort()).toEqual([
    ...Array.from({ length: 7 }, () => 'tool/cancelled'),
    'tool/failed',
  ]);
  expect(ends.find(({ error }) => error?.code === 'tool/cancelled')?.error?.details).toEqual({
    because: 'pay',
  });
});

test('a cancelled run is cancelled, whatever its tools are to fail', async () => {
  const gate = createGate();
  const { tool } = payTool({ onFailure: 'fail', execute: () => gate.pass() });
  const { crew } = crewOf([tool], [calls('pay', { amount: 1 }), 'never']);
  const run = crew.start();
  await gate.reached;
  run.cancel('enough');
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  await traceOf(run);
});

test('what is not a failure of the tool itself is told to the model, also with onFailure fail', async () => {
  const { tool } = payTool({ onFailure: 'fail', maxUses: 1 });
  const script = [
    calls('pay', { amount: 'five' }),
    calls('pay', { amount: 1 }),
    calls('pay', { amount: 1 }),
    calls('pray', {}),
    'done',
  ];
  const { crew } = crewOf([tool], script);
  const run = crew.start();
  expect((await run.result).text).toBe('done');
  expect(endsOf(await traceOf(run)).map(({ error }) => error?.code)).toEqual([
    'tool/invalid-arguments',
    undefined,
    'tool/use-limit',
    'tool/unknown',
  ]);
});

test('a tool whose use is work fails the task in the same way', async () => {
  const { tool } = payTool();
  const worker: Tool = {
    ...tool,
    onFailure: 'fail',
    async work() {
      throw new ToolError('the colleague is away');
    },
  };
  const run = crewOf([worker], [calls('pay', { amount: 1 }), 'never']).crew.start();
  await expect(run.result).rejects.toMatchObject({
    cause: expect.objectContaining({ message: 'the colleague is away' }),
  });
  await traceOf(run);
});

test('a failure is recorded: a run that is resumed does not try the tool again', async () => {
  const journal = memoryJournal();
  let tries = 0;
  const { tool } = payTool({
    execute: () => {
      tries++;
      return busy();
    },
  });
  const { crew, llm } = crewOf([tool], [calls('pay', { amount: 1 }), 'done', 'unused']);
  const { runId } = await crew.kickoff({ journal });
  await (await crew.resume(runId, { journal })).result;
  expect([tries, llm.requests.length]).toEqual([1, 2]);
  const strict = crewOf([withPolicy(tool, { onFailure: 'fail' })], []).crew;
  const fatal = await strict.resume(runId, { journal });
  await expect(fatal.result).rejects.toMatchObject({ code: 'tool/failed', details: { toolCode: 'busy' } });
  expect(tries).toBe(1);
});

test('the word of the tool goes before that of the task, the agent and the crew', () => {
  expect(onFailureOf('answer', 'fail')).toBe('answer');
  expect(onFailureOf(undefined, undefined, 'fail', 'answer')).toBe('fail');
  expect(onFailureOf()).toBe('answer');
});

test('a policy is checked where it is said', () => {
  const { tool } = payTool();
  expect(() =>
    withPolicy(tool, { retries: -1, onFailure: 'ignore' as never, needsApproval: 'yes' as never }),
  ).toThrow(/retries.*\n.*needsApproval.*\n.*onFailure/);
  expect(() => withPolicy(tool, { cache: {} as never })).toThrow(/toolCache/);
  expect(() => payTool({ retries: 0.5 })).toThrow(/retries/);
  const worker: Tool = { ...tool, work: () => undefined as never };
  expect(() => withPolicy(worker, { retries: 1, maxUses: 2 })).toThrow(
    /retries is for tools with a function/,
  );
  expect(withPolicy(worker, { maxUses: 2 })).toMatchObject({ maxUses: 2, origin: worker });
});

/** The same crew gives the same result, events, usage and callbacks on the event loop and on a thread. */
import { afterAll, beforeEach, expect, test } from 'vitest';
import { callback, createRuntime, guard, type RunEvent, threads, transform } from '../../index.ts';
import { memoryJournal } from '../../testing/index.ts';
import { type Case, record } from '../conformance.fixture.ts';
import * as crews from './fixtures/crews.fixture.ts';

const engine = threads({ size: 1 });
afterAll(() => engine.close?.());
beforeEach(() => {
  crews.heard.length = 0;
});

async function expectSame(given: Case) {
  const here = await record(given, {});
  const there = await record(given, { engine });
  expect(there).toEqual(here);
  return here;
}

const inputs = { topic: 'tides' };

test('tasks, tools and outputs', async () => {
  const seen = await expectSame({ crew: crews.success, options: () => ({ inputs }) });
  expect(seen.result.text).toBe('a report');
  expect(seen.usage).toMatchObject({ calls: 3, costUsd: 0.00006 });
});

test('typed output is parsed again on the host, and a rejected answer is an event', async () => {
  const seen = await expectSame({ crew: crews.typed });
  expect(seen.result.parsed.knots.kmh).toBeCloseTo(22.224);
  expect(seen.events.map(({ type }: RunEvent) => type)).toContain('output.rejected');
});

test('tools that fail in every way, also with values that no port can carry', async () => {
  const seen = await expectSame({ crew: crews.toolErrors });
  expect(seen.result.text).toBe('recovered');
});

test('tools of one turn at once', async () => {
  const seen = await expectSame({ crew: crews.parallelTools });
  expect(seen.result.text).toBe('first and second, gone');
});

test('an agent and a tool that run out of time', async () => {
  expect((await expectSame({ crew: crews.agentTimeout })).result.code).toBe('agent/timeout');
  expect((await expectSame({ crew: crews.toolTimeout })).result.text).toMatch(/20 ms.*1 time/);
});

test('a cancelled run ends its spans by itself', async () => {
  const seen = await expectSame({ crew: crews.cancelled, cancelAt: 'tool.start' });
  expect(seen.result).toMatchObject({ code: 'run/cancelled', details: { reason: 'enough' } });
  expect(seen.events.at(-2)).toMatchObject({ type: 'task.end', error: { code: 'run/cancelled' } });
});

test('missing inputs, foreign errors and exhausted budgets end a run alike', async () => {
  expect((await expectSame({ crew: crews.success })).result.code).toBe('inputs/missing');
  const foreign = await expectSame({ crew: crews.foreignError });
  expect(foreign.result).toMatchObject({ code: 'run/failed', cause: 'TypeError: undefined is not a boat' });
  const broke = await expectSame({ crew: crews.success, options: () => ({ inputs, budget: { calls: 2 } }) });
  expect(broke.result).toMatchObject({ code: 'budget/exceeded', details: { owner: 'run', used: 2 } });
  await expectSame({
    crew: crews.success,
    options: () => ({ inputs }),
    runtime: () => ({ limits: { tokensPerMinute: 10 } }),
  });
});

test('retries', async () => {
  const seen = await expectSame({ crew: crews.retries });
  expect(seen.ledger.map(({ status }: { status: string }) => status)).toEqual([
    'failed',
    'failed',
    'succeeded',
  ]);
});

test('deltas, more than the thread may send without credit', async () => {
  const seen = await expectSame({ crew: crews.streams, options: () => ({ stream: true }) });
  const deltas = seen.events.filter(({ type }: RunEvent) => type === 'model.delta');
  expect(deltas).toHaveLength(700);
});

test('guards and transforms of the runtime, the run and the definition', async () => {
  const seen: string[] = [];
  const given: Case = {
    crew: crews.guards,
    runtime: () => ({
      callbacks: [
        guard('tool.before', () => ({ tool: 'lookup', args: { word: 'luff' } })),
        transform((event) => (event.type === 'model.start' ? { ...event, messages: [] } : event)),
      ],
    }),
    options: () => ({
      callbacks: [
        callback((event) => seen.push(JSON.stringify([event.type, event.seq])), { on: ['tool.*'] }),
      ],
    }),
  };
  expect((await expectSame(given)).result.text).toBe('Learned: luff means wind (checked)');
  expect(seen).toHaveLength(4);
  const careless: Case = {
    ...given,
    runtime: () => ({
      callbacks: [guard('tool.before', (subject) => Object.assign({ call: () => 1 }, subject))],
    }),
  };
  expect((await expectSame(careless)).result.text).toBe('Learned: lee means wind (checked)');
  const undecided: Case = {
    crew: crews.agentTimeout,
    runtime: () => ({ callbacks: [guard('model.before', () => new Promise(() => undefined))] }),
  };
  expect((await expectSame(undecided)).result.code).toBe('agent/timeout');
  const denied: Case = {
    ...given,
    runtime: () => ({
      callbacks: [
        guard('model.before', () => {
          throw new Error('not today');
        }),
      ],
    }),
  };
  expect((await expectSame(denied)).result).toMatchObject({
    code: 'guard/denied',
    cause: 'Error: not today',
  });
});

test('callbacks of every level hear each event once, and only here', async () => {
  const heard: string[] = [];
  const hear = (level: string) => callback(({ type }) => heard.push(`${level} ${type}`));
  const seen = await expectSame({
    crew: crews.callbacks,
    runtime: () => ({ callbacks: [hear('runtime')] }),
    options: () => ({ callbacks: [hear('run')] }),
  });
  const all = seen.events.length;
  const levels = (lines: readonly string[]) => Object.groupBy(lines, (line) => line.split(' ')[0]!);
  const { crew, task, agent, llm } = levels(seen.heard);
  expect([crew?.length, task?.length, agent?.length, llm?.length]).toEqual([all, 10, 16, 8]);
  expect([levels(heard).runtime?.length, levels(heard).run?.length]).toEqual([2 * all, 2 * all]);
  const silent = await record({ crew: crews.hearsNothing }, { engine });
  expect(silent.result.text).toBe('heard 0');
  expect(silent.heard.length).toBeGreaterThan(0);
});

test('als: tools see the run they are in, and the context that createContext made beside them', async () => {
  const seen = await expectSame({ crew: crews.contexts, options: () => ({ inputs: { tenant: 'a' } }) });
  const { isOwn, context } = JSON.parse(seen.result.text);
  expect([isOwn, context]).toEqual([true, { tenant: 'a' }]);
});

test('a journal on the host gives recorded results back to the thread', async () => {
  for (const on of [{}, { engine }]) {
    const journal = memoryJournal();
    const given: Case = { crew: crews.success, options: () => ({ inputs, journal, stream: true }) };
    const first = await record(given, on);
    const runId = (await journal.list())[0]!.runId;
    const runtime = createRuntime(on); // it stays open: to close it would close the engine of all tests
    const again = await runtime.resume(crews.success, runId, { journal });
    const { text, parsed, tasks } = await again.result;
    expect(JSON.parse(JSON.stringify({ text, parsed, tasks }))).toEqual(first.result);
    expect([first.usage.attempts, again.usage.attempts]).toEqual([3, 3]);
    expect((await Array.fromAsync(again.events())).map(({ type }) => type)).toEqual(['run.start', 'run.end']);
  }
  await expectSame({ crew: crews.success, options: () => ({ inputs, journal: memoryJournal() }) });
  await expectSame({ crew: crews.foreignError, options: () => ({ journal: memoryJournal() }) });
});

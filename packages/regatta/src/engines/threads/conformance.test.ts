/** The same crew gives the same result, events, usage and callbacks on the event loop and on a thread. */
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import {
  callback,
  createRuntime,
  guard,
  type RunEvent,
  type RuntimeOptions,
  threads,
  transform,
} from '../../index.ts';
import { checkTrace, memoryJournal } from '../../testing/index.ts';
import { type Case, record } from '../conformance.fixture.ts';
import * as agents from './fixtures/agents.fixture.ts';
import * as crews from './fixtures/crews.fixture.ts';

const engine = threads({ size: 1 });
afterAll(() => engine.close?.());
beforeEach(() => {
  crews.heard.length = 0;
});

/** What a task's own function pushes into `heard` is pushed where the task runs: on a thread, not here. */
async function expectSame(given: Case, { isCallbackHere = false } = {}) {
  const here = await record(given, {});
  const there = await record(given, { engine });
  if (isCallbackHere) here.heard = here.heard.filter((line: string) => !line.startsWith('callback '));
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

test('a graph with conditions, retries, guardrails, files, summaries and hooks', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'conformance-'));
  const inputFiles = { terms: new TextEncoder().encode('no spinnaker') };
  const kickoff = { inputs, inputFiles, outputDirectory: folder.path };
  const given = { crew: crews.options, options: () => kickoff };
  const seen = await expectSame(given, { isCallbackHere: true });
  expect(seen.result.text).toBe('{"draft": "brief"}!');
  expect(seen.result.tasks).toEqual([
    { task: 'found', agent: 'Planner of tides and winds', text: '{"draft": "long"}', parsed: { draft: 4 } },
    { task: 'skipped', agent: 'Planner of tides and winds', text: '', skipped: true },
    { task: 'summed', agent: 'Planner of tides and winds', text: '{"draft": "brief"}' },
  ]);
  const types = seen.events.map(({ type }: RunEvent) => type);
  expect(types.filter((type: string) => type === 'guardrail.end')).toHaveLength(5);
  expect(types.filter((type: string) => type === 'task.retry')).toHaveLength(1);
  const file = join(folder.path, 'found', 'tides and winds.json');
  expect(await readFile(file, 'utf8')).toBe('{\n  "draft": 4\n}\n');
  expect(JSON.stringify(seen.events)).toContain('no spinnaker');
  await expectSame(
    { ...given, options: () => ({ ...kickoff, journal: memoryJournal() }) },
    { isCallbackHere: true },
  );
});

test('a person sends a draft back, and accepts the next one', async () => {
  const reviews = [{ accepted: false, feedback: 'Shorter.' }, { accepted: true }] as const;
  const seen = await expectSame({ crew: crews.reviewed, reviews, options: () => ({ inputs }) });
  expect(seen.result.text).toBe('{"draft": "short"}');
});

test('a task that fails stops the one beside it, and is the error', async () => {
  const seen = await expectSame({ crew: crews.oneFails });
  expect(seen.result).toMatchObject({ code: 'run/failed', cause: 'TypeError: aground' });
  const ends = seen.events.filter(({ type }: RunEvent) => type === 'task.end');
  expect(
    ends.map((end: { task: string; error: { code: string } | null }) => [end.task, end.error?.code]),
  ).toEqual([
    ['sinking', 'unknown'],
    ['never', undefined],
    ['stopped', 'task/cancelled'],
  ]);
});

test('a person need not answer any more once the task that asks was stopped, and its question ends before it', async () => {
  for (const on of [{}, { engine }]) {
    const run = createRuntime(on).start(crews.twoReviews);
    const tokens = new Map<string | null, string>();
    for await (const event of run.events()) {
      if (event.type !== 'input.start') continue;
      tokens.set(event.task, event.token);
      if (tokens.size === 2) run.respond(tokens.get('fails')!, { accepted: false, feedback: 'No.' });
    }
    await expect(run.result).rejects.toMatchObject({ code: 'run/failed' });
    expect(run.pendingInputs).toEqual([]);
    const events = await Array.fromAsync(run.events());
    expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
    const ends = events.filter(({ type }) => type === 'input.end');
    expect(ends.map((end) => 'error' in end && end.error?.code)).toEqual([undefined, 'task/cancelled']);
  }
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

test('delegation, managers and plans, with the callbacks of everybody who works', async () => {
  const delegated = await expectSame({ crew: crews.delegates });
  expect(delegated.result.text).toBe('Skipper: Mate: reef means wind');
  expect(delegated.heard).toContain('mate tool.end');
  const managed = await expectSame({ crew: crews.managed });
  expect(managed.result.text).toBe('composed');
  expect(managed.heard).toContain('manager model.end');
  const planned = await expectSame({ crew: crews.planned });
  expect(planned.result.text).toBe('piloted');
  const prompts = JSON.stringify(planned.events.filter(({ type }: RunEvent) => type === 'model.start'));
  expect(prompts).toMatch(/First look, then tell/);
  expect(prompts).toMatch(/Be brief/);
});

test('a consensus, whose answers come in any order', async () => {
  const sorted = async (on: RuntimeOptions) => {
    const { result, usage, events } = await record({ crew: crews.agreed }, on);
    return { result, usage, types: events.map(({ type, spanId }: RunEvent) => `${type} ${spanId}`).sort() };
  };
  const here = await sorted({});
  expect(here.result.text).toBe('composed');
  expect(await sorted({ engine })).toEqual(here);
});

test('agents with memories, skills, a date, steps, and a window that is too small', async () => {
  const seen = await expectSame({ crew: agents.reading });
  expect(seen.result.text).toBe('All read.');
  const types = seen.events.map(({ type }: RunEvent) => type);
  expect(types).toEqual(expect.arrayContaining(['context.trim', 'memory.start', 'memory.end']));
  const failed = seen.events.find((event: RunEvent) => event.type === 'memory.end' && event.error !== null);
  expect(failed.error.message).toContain('the diary is full');
});

test('agents whose tools are called in text, streamed and not', async () => {
  const seen = await expectSame({ crew: agents.writing });
  expect(seen.result.text).toBe('seven');
  expect(JSON.stringify(seen.events.filter(({ type }: RunEvent) => type === 'model.start'))).not.toContain(
    'made up',
  );
  await expectSame({ crew: agents.writing, options: () => ({ stream: true }) });
});

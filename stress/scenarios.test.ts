import { setTimeout as sleep } from 'node:timers/promises';
import {
  Agent,
  Crew,
  type CrewOutput,
  createRuntime,
  defineTool,
  guard,
  type KickoffOptions,
  LLM,
  RegattaError,
  type Run,
  type RunEvent,
  type RunStatus,
  Task,
  type TaskOptions,
  type Tool,
} from 'regatta';
import { checkTrace, createGate, type ScriptStep, scriptedModel } from 'regatta/testing';
import { expect, test } from 'vitest';

const busy = new RegattaError('model/overloaded', 'The model is overloaded. Wait.', {
  model: 'scripted/model',
  status: 503,
  retryable: true,
  retryAfterMs: 0,
  providerCode: null,
});
const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 10 };
const retry = { maxAttempts: 3, minDelayMs: 1, maxDelayMs: 2, retry: 'always' } as const;

interface Part {
  readonly script: readonly ScriptStep[];
  readonly tools?: readonly Tool[];
  readonly maxExecutionTimeMs?: number;
  readonly task?: Partial<TaskOptions<undefined>>;
}

/** One agent and one task for each part; they depend on nothing unless a part says so. */
function crewOf(...parts: readonly Part[]): Crew {
  const agents: Agent[] = [];
  const tasks: Task[] = [];
  for (const [index, { script, task, ...options }] of parts.entries()) {
    const llm = new LLM({ model: scriptedModel(script, { price }), retry });
    const agent = new Agent({ role: `Sailor ${index}`, goal: 'Sail', llm, ...options });
    const text = { description: 'Sail {where}', expectedOutput: 'A log' };
    agents.push(agent);
    tasks.push(new Task({ name: `task-${index}`, ...text, context: [], ...task, agent }));
  }
  return new Crew({ agents, tasks });
}

function tool(name: string, execute: () => unknown, timeoutMs?: number): Tool {
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  const input = { type: 'object', properties: {} };
  return defineTool({ name, description: 'Works.', input, execute, ...limit });
}

const use = (...names: readonly string[]): ScriptStep => ({
  toolCalls: names.map((name, index) => ({ tool: name, args: {}, callId: `call-${index}` })),
});

interface Told {
  readonly status: RunStatus;
  readonly events: readonly RunEvent[];
  readonly run: Run<CrewOutput>;
}

const inputs = { where: 'home' };

/** Runs to the end, whatever the end is, and lets the auditor look at all of it. */
async function sail(
  crew: Crew,
  { meddle, ...options }: KickoffOptions & { meddle?: (run: Run<CrewOutput>) => unknown } = {},
): Promise<Told> {
  const heard: RunEvent[] = [];
  const callbacks = [(event: RunEvent) => void heard.push(event), ...(options.callbacks ?? [])];
  const run = crew.start({ inputs, runtime: createRuntime(), ...options, callbacks });
  await meddle?.(run);
  await run.result.catch(() => undefined);
  const audit = await run.flush();
  expect(checkTrace(heard, { ledger: run.ledger, audit })).toEqual([]);
  expect(await Array.fromAsync(run.events())).toEqual(heard);
  expect(run.status).not.toBe('running');
  return { status: run.status as RunStatus, events: heard, run }; // it has ended
}

const typesOf = (events: readonly RunEvent[]): string => events.map(({ type }) => type).join(' ');

test('three tasks, several tools of one turn and retries in pieces: the trace is clean', async () => {
  const tools = [tool('slow', () => sleep(2, 'slow')), tool('fast', () => 'fast')];
  const script = [{ error: busy, text: 'half an ans' }, use('slow', 'fast', 'slow'), 'there at last'];
  const { status, events, run } = await sail(
    crewOf({ script, tools }, { script, tools }, { script, tools }),
    {
      stream: true,
    },
  );
  expect(status).toBe('succeeded');
  expect(events.filter(({ type }) => type === 'model.retry')).toHaveLength(3);
  expect(events.filter(({ type }) => type === 'tool.end')).toHaveLength(9);
  expect(run.usage).toMatchObject({ calls: 6, attempts: 9 });
});

test('a task that fails skips what comes behind it, and the trace is clean', async () => {
  const broken = { script: [{ error: new Error('the mast broke') }] };
  const { status, events } = await sail(crewOf({ script: ['fine'] }, broken, { script: ['fine'] }));
  expect(status).toBe('failed');
  const ends = events.flatMap((event) => (event.type === 'task.end' ? [[event.task, event.status]] : []));
  expect(Object.fromEntries(ends)).toEqual({ 'task-0': 'done', 'task-1': 'failed', 'task-2': 'skipped' });
});

test('a run that is cancelled while tools are at work ends every span, and the trace is clean', async () => {
  const gate = createGate();
  const both = Promise.withResolvers<void>();
  let atWork = 0;
  const deaf = tool('deaf', () => {
    if (++atWork === 2) both.resolve();
    return gate.pass();
  });
  const tools = [deaf];
  const { status, events, run } = await sail(
    crewOf({ script: [use('deaf', 'deaf')], tools }, { script: ['quick'] }),
    {
      meddle: async (started) => {
        await both.promise;
        started.cancel('enough');
      },
    },
  );
  expect(status).toBe('cancelled');
  expect(typesOf(events)).toMatch(/tool\.end.*agent\.end task\.end.* run\.end$/);
  expect(run.audit().orphaned).toBe(2);
  gate.open();
  await new Promise(setImmediate);
  expect(run.audit().orphaned).toBe(0);
});

test('a run that is cancelled while a model answers bills what had come, and the trace is clean', async () => {
  const gate = createGate();
  const script: ScriptStep[] = [
    async () => {
      await gate.pass();
      return 'too late';
    },
  ];
  const { status, run } = await sail(crewOf({ script }), {
    meddle: async (started) => {
      await gate.reached;
      started.cancel('enough');
    },
  });
  gate.open();
  expect(status).toBe('cancelled');
  expect(run.ledger).toMatchObject([{ status: 'aborted', source: 'estimated' }]);
});

test('a run whose signal was aborted before it began: the trace is clean, and no model was called', async () => {
  const { status, run } = await sail(crewOf({ script: ['never asked'] }), {
    signal: AbortSignal.abort('no'),
  });
  expect(status).toBe('cancelled');
  expect(run.ledger).toEqual([]);
});

test('an agent that is out of time and a tool that is out of time: the trace is clean', async () => {
  const gate = createGate();
  const late = [tool('late', () => gate.pass(), 5)];
  const deaf = [tool('deaf', () => gate.pass())];
  const { status, events } = await sail(
    crewOf(
      { script: [use('late'), 'went on'], tools: late },
      { script: [use('deaf')], tools: deaf, maxExecutionTimeMs: 20 },
    ),
  );
  gate.open();
  expect(status).toBe('failed');
  const errors = events.flatMap((event) => ('error' in event && event.error ? [event.error.code] : []));
  expect(errors).toEqual(expect.arrayContaining(['tool/timeout', 'agent/timeout']));
});

test('a guard that denies a call and one that denies a tool: the trace is clean', async () => {
  const deny = (): never => {
    throw new Error('not today');
  };
  const script = [use('work'), 'went on'];
  const tools = [tool('work', () => 'worked')];
  const model = await sail(crewOf({ script, tools }), { callbacks: [guard('model.before', deny)] });
  expect(model.status).toBe('failed');
  expect(typesOf(model.events)).not.toContain('model.');
  const after = await sail(crewOf({ script, tools }), { callbacks: [guard('model.after', deny)] });
  expect(after.status).toBe('failed');
  const tooled = await sail(crewOf({ script, tools }), { callbacks: [guard('tool.before', deny)] });
  expect(tooled.status).toBe('succeeded');
});

test('a budget that is used up in the middle: the trace is clean, and the ledger has what was spent', async () => {
  const tools = [tool('work', () => 'worked')];
  const { status, run } = await sail(crewOf({ script: [use('work'), use('work'), 'done'], tools }), {
    budget: { calls: 2 },
  });
  expect(status).toBe('failed');
  expect(run.usage).toMatchObject({ calls: 2, attempts: 2, costUsd: 2 * (10 * 1e-6 + 5 * 10e-6) });
});

test('retries that end in failure: each attempt is billed once, and the trace is clean', async () => {
  const { status, run } = await sail(crewOf({ script: [{ error: busy }, { error: busy }, { error: busy }] }));
  expect(status).toBe('failed');
  expect(run.usage).toMatchObject({ calls: 1, attempts: 3 });
});

test('inputs that are missing: the trace is clean, with a start and an end', async () => {
  const { status, events } = await sail(crewOf({ script: ['never asked'] }), { inputs: {} });
  expect(status).toBe('failed');
  expect(typesOf(events)).toBe('run.start run.end');
});

test('one crew in many runs at once, some of which fail: every trace is clean, also all mixed', async () => {
  const heard: RunEvent[] = [];
  const runtime = createRuntime({ callbacks: [(event) => void heard.push(event)] });
  const tools = [tool('work', () => sleep(Math.random() * 3, 'worked'))];
  const step: ScriptStep = ({ messages }) => {
    if (JSON.stringify(messages).includes('reef')) throw new Error('aground');
    return messages.some(({ role }) => role === 'tool') ? 'arrived' : (use('work') as { toolCalls: [] });
  };
  const llm = scriptedModel([step], { loop: true });
  const agent = new Agent({ role: 'Sailor', goal: 'Sail', llm, tools });
  const task = new Task({ description: 'Sail {where}', expectedOutput: 'A log', agent });
  const crew = new Crew({ agents: [agent], tasks: [task] });
  const places = Array.from({ length: 60 }, (_, index) => ({
    where: index % 5 === 0 ? 'reef' : `port ${index}`,
  }));
  const outcomes = await crew.kickoffForEach(places, { concurrency: 20, runtime });
  await runtime.flush();
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(48);
  expect(new Set(heard.map(({ runId }) => runId)).size).toBe(60);
  expect(checkTrace(heard)).toEqual([]);
});

test('an answer in pieces that never waits for anything still lets the event loop turn for others', async () => {
  let turns = 0;
  const turn = (): void => {
    turns++;
    if (turns < 1000) timer = setImmediate(turn);
  };
  let timer = setImmediate(turn);
  const { events } = await sail(crewOf({ script: ['word '.repeat(5000)] }), { stream: true });
  clearImmediate(timer);
  expect(events.length).toBeGreaterThan(5000);
  expect(turns).toBeGreaterThanOrEqual(Math.floor(events.length / 256));
});

test('a single call of a model is a run as well: its trace is clean', async () => {
  const llm = new LLM({ model: scriptedModel([{ error: busy }, 'hello there']), retry });
  const run = llm.start('Say hello', { stream: true, runtime: createRuntime() });
  expect((await run.result).text).toBe('hello there');
  const events = await Array.fromAsync(run.events());
  expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
});

import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  Crew,
  createRuntime,
  defineTool,
  LLM,
  type ReadableEvent,
  RegattaError,
  type RunEvent,
  Task,
} from '../index.ts';
import { createGate, memoryJournal, type ScriptStep, scriptedModel } from '../testing/index.ts';

const lookup = defineTool({
  name: 'lookup',
  description: 'Looks a word up.',
  input: z.object({ word: z.string() }),
  execute: ({ word }) => `${word} means wind`,
});

function crewOf(
  script: readonly ScriptStep[],
  options: { tools?: (typeof lookup)[]; maxIter?: number } = {},
) {
  const llm = scriptedModel(script);
  const agent = new Agent({ role: 'Sailor', goal: 'Know the sea', llm, ...options });
  const task = new Task({
    name: 'explain',
    description: 'Explain {word}',
    expectedOutput: 'A sentence',
    agent,
  });
  return { llm, agent, task, crew: new Crew({ agents: [agent], tasks: [task] }) };
}

async function eventsOf(run: { events(): AsyncIterable<ReadableEvent> }): Promise<ReadableEvent[]> {
  const events: ReadableEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
}

/** Every start has one end of the same span, after it; seq has no gap. */
function expectBalanced(events: readonly ReadableEvent[]): void {
  const stamped = events.filter((event): event is RunEvent => event.type !== 'events.gap');
  expect(stamped.map(({ seq }) => seq)).toEqual(stamped.map((_, index) => index));
  expect(new Set(stamped.map(({ id }) => id)).size).toBe(stamped.length);
  for (const { type, spanId } of stamped.filter(({ type: name }) => name.endsWith('.start'))) {
    const ends = stamped.filter(
      (event) => event.spanId === spanId && event.type === type.replace('start', 'end'),
    );
    expect(ends, `${type} of ${spanId}`).toHaveLength(1);
  }
}

test('a crew runs its tasks in order and each later task is told what the earlier ones gave', async () => {
  const llm = scriptedModel(['facts about tides', 'a report']);
  const researcher = new Agent({ role: 'Researcher', goal: 'Find facts', llm });
  const writer = new Agent({ role: 'Writer', goal: 'Write', llm });
  const research = new Task({
    name: 'research',
    description: 'Research {topic}',
    expectedOutput: 'Facts',
    agent: researcher,
  });
  const report = new Task({
    name: 'report',
    description: 'Report on {topic}',
    expectedOutput: 'A page',
    agent: writer,
  });
  const crew = new Crew({ agents: [researcher, writer], tasks: [research, report] });

  const output = await crew.kickoff({ inputs: { topic: 'tides' } });

  expect(output.text).toBe('a report');
  expect(output.tasks.map(({ task, agent, text }) => [task, agent, text])).toEqual([
    ['research', 'Researcher', 'facts about tides'],
    ['report', 'Writer', 'a report'],
  ]);
  expect(output.usage).toMatchObject({ calls: 2, attempts: 2, inputTokens: 20, outputTokens: 10 });
  expect(Object.keys(output.usage.byAgent)).toEqual(['Researcher', 'Writer']);
  expect(llm.requests[1]!.messages[1]).toMatchObject({
    role: 'user',
    content: expect.stringContaining('facts about tides'),
  });
  expect(JSON.stringify(llm.requests)).not.toContain('{topic}');
});

test('tools are called with parsed arguments, several of one turn at once, and answered in the order asked', async () => {
  const gate = createGate();
  const order: string[] = [];
  const slow = defineTool({
    name: 'slow',
    description: 'Waits.',
    input: z.object({}),
    execute: async () => {
      await gate.pass();
      order.push('slow');
      return 'slow answer';
    },
  });
  const fast = defineTool({
    name: 'fast',
    description: 'Opens the gate.',
    input: z.object({ n: z.number().default(7) }),
    execute: ({ n }) => {
      order.push(`fast ${n}`);
      gate.open();
      return { n };
    },
  });
  const { crew, llm } = crewOf(
    [
      {
        toolCalls: [
          { tool: 'slow', args: {} },
          { tool: 'fast', args: {} },
        ],
      },
      'done',
    ],
    { tools: [slow, fast] },
  );
  const run = crew.start({ inputs: { word: 'x' } });
  expect((await run.result).text).toBe('done');
  expect(order).toEqual(['fast 7', 'slow']);
  expect(llm.requests[1]!.messages.slice(-2)).toMatchObject([
    { role: 'tool', tool: 'slow', content: 'slow answer', isError: false },
    { role: 'tool', tool: 'fast', content: '{"n":7}', isError: false },
  ]);
  expectBalanced(await eventsOf(run));
});

test('an unknown tool, bad arguments and a throwing tool are answered to the model, which may go on', async () => {
  const broken = defineTool({
    name: 'broken',
    description: 'Throws.',
    input: z.object({}),
    execute: () => {
      throw new Error('the mast broke');
    },
  });
  const { crew, llm } = crewOf(
    [
      {
        toolCalls: [
          { tool: 'sextant', args: {} },
          { tool: 'lookup', args: { word: 5 } },
          { tool: 'broken', args: {} },
        ],
      },
      'recovered',
    ],
    { tools: [lookup, broken] },
  );
  expect((await crew.kickoff({ inputs: { word: 'x' } })).text).toBe('recovered');
  const answers = llm.requests[1]!.messages.slice(-3) as { content: string; isError: boolean }[];
  expect(answers.every(({ isError }) => isError)).toBe(true);
  expect(answers[0]!.content).toMatch(/no tool "sextant".*lookup, broken/);
  expect(answers[1]!.content).toMatch(/word: .*"word"/s);
  expect(answers[2]!.content).toContain('the mast broke');
});

test('a tool that never answers ends at its timeout, and a use limit holds for the whole run', async () => {
  const hung = defineTool({
    name: 'hung',
    description: 'Never answers.',
    input: z.object({}),
    timeoutMs: 20,
    maxUses: 1,
    execute: () => new Promise(() => undefined),
  });
  const call = { toolCalls: [{ tool: 'hung', args: {} }] };
  const { crew, llm } = crewOf([call, call, 'gave up'], { tools: [hung] });
  const run = crew.start({ inputs: { word: 'x' } });
  expect((await run.result).text).toBe('gave up');
  expect(llm.requests[1]!.messages.at(-1)).toMatchObject({
    content: expect.stringContaining('20 ms'),
    isError: true,
  });
  expect(llm.requests[2]!.messages.at(-1)).toMatchObject({ content: expect.stringContaining('1 time') });
  expect(run.audit().orphaned).toBe(1);
});

test('after maxIter turns one final answer is forced, without tools', async () => {
  const call = { toolCalls: [{ tool: 'lookup', args: { word: 'lee' } }] };
  const { crew, llm } = crewOf([call, call, 'final'], { tools: [lookup], maxIter: 2 });
  expect((await crew.kickoff({ inputs: { word: 'x' } })).text).toBe('final');
  expect(llm.requests.map(({ toolChoice }) => toolChoice)).toEqual(['auto', 'auto', 'none']);
});

test('a model that never answers ends the run with agent/no-answer, and nothing is lost', async () => {
  const call = { toolCalls: [{ tool: 'lookup', args: { word: 'lee' } }] };
  const { crew } = crewOf([call, call, call], { tools: [lookup], maxIter: 2 });
  const run = crew.start({ inputs: { word: 'x' } });
  await expect(run.result).rejects.toMatchObject({ code: 'agent/no-answer', details: { calls: 3 } });
  expect(run.usage.calls).toBe(3);
  const events = await eventsOf(run);
  expectBalanced(events);
  expect(events.at(-1)).toMatchObject({
    type: 'run.end',
    status: 'failed',
    error: { code: 'agent/no-answer' },
  });
});

test('typed output is parsed by its schema, and an answer that does not fit is sent back with the reasons', async () => {
  const llm = scriptedModel(['{"knots": "many"}', 'Here: ```json\n{"knots": 12}\n```']);
  const agent = new Agent({ role: 'Sailor', goal: 'Measure', llm });
  const task = new Task({
    description: 'How fast?',
    expectedOutput: 'Knots',
    agent,
    output: z.object({ knots: z.number() }),
  });
  const run = new Crew({ agents: [agent], tasks: [task] }).start();
  const output = await run.result;
  const knots: number = output.parsed.knots;
  expect(knots).toBe(12);
  expect(llm.requests[1]!.messages.at(-1)).toMatchObject({
    role: 'user',
    content: expect.stringMatching(/knots.*number/s),
  });
  expect((await eventsOf(run)).filter(({ type }) => type === 'output.rejected')).toHaveLength(1);
});

test('an answer that never fits ends with output/invalid, which keeps the text', async () => {
  const llm = scriptedModel(['no', 'no', 'still no']);
  const agent = new Agent({ role: 'Sailor', goal: 'Measure', llm });
  const task = new Task({
    description: 'x',
    expectedOutput: 'y',
    agent,
    output: { type: 'object', required: ['a'] },
  });
  await expect(new Crew({ agents: [agent], tasks: [task] }).kickoff()).rejects.toMatchObject({
    code: 'output/invalid',
    details: { text: 'still no' },
  });
});

test('placeholders are filled once: what an input contains is never read again, and missing ones are named', async () => {
  const { crew, llm } = crewOf(['ok', 'ok']);
  await crew.kickoff({ inputs: { word: '{secret} and {"json": {"a": 1}}', secret: 'LEAK' } });
  expect(JSON.stringify(llm.requests[0])).not.toContain('LEAK');
  expect(JSON.stringify(llm.requests[0])).toContain('{secret}');
  const run = crew.start();
  await expect(run.result).rejects.toMatchObject({ code: 'inputs/missing', details: { names: ['word'] } });
  expect(llm.requests).toHaveLength(1);
});

test('a definition that is wrong says everything that is wrong with it at once', () => {
  const { agent, task } = crewOf([]);
  const stranger = new Agent({ role: 'Stranger', goal: 'g' });
  const lost = new Task({ name: 'explain', description: 'd', expectedOutput: 'e', agent: stranger });
  const orphan = new Task({ name: 'orphan', description: 'd', expectedOutput: 'e', context: [lost] });
  const make = (): unknown =>
    new Crew({ agents: [agent], tasks: [task, lost, orphan], process: 'ring' as 'sequential' });
  expect(make).toThrow(RegattaError);
  try {
    make();
  } catch (error) {
    const { code, details } = error as RegattaError<'definition/invalid'>;
    expect(code).toBe('definition/invalid');
    expect(details.problems.map(({ field }) => field)).toEqual([
      'process',
      'tasks[1].name',
      'tasks[1].agent',
      'tasks[2].agent',
    ]);
  }
  expect(() => new Agent({ role: ' ', goal: '', maxIter: 0 })).toThrow(/role.*\n.*goal.*\n.*maxIter/);
  expect(() => new LLM({ model: 'gpt-5' })).toThrow(/provider\/model/);
});

test('cancel frees the caller at once although model and tool are deaf to their signal', async () => {
  const gate = createGate();
  const { crew } = crewOf([() => gate.pass().then(() => 'late')]);
  const run = crew.start({ inputs: { word: 'x' } });
  await gate.reached;
  run.cancel('the race is over');
  await expect(run.result).rejects.toMatchObject({
    code: 'run/cancelled',
    details: { reason: 'the race is over' },
  });
  expect(run.audit()).toMatchObject({ orphaned: 1, openAttempts: 0, balance: 0 });
  expectBalanced(await eventsOf(run));
  expect(run.usage.estimated).toBe(1);
  gate.open();
  await expect.poll(() => run.audit().orphaned).toBe(0);
});

test("the caller's signal cancels the run and keeps no listener after it", async () => {
  const gate = createGate();
  const controller = new AbortController();
  const { crew } = crewOf([() => gate.pass().then(() => 'late'), 'second']);
  const run = crew.start({ inputs: { word: 'x' }, signal: controller.signal });
  await gate.reached;
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  controller.abort(new Error('client went away'));
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled', cause: controller.signal.reason });
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  await expect(crew.kickoff({ inputs: { word: 'x' }, signal: controller.signal })).rejects.toMatchObject({
    code: 'run/cancelled',
  });
});

test('maxExecutionTimeMs ends the agent in time with a typed error', async () => {
  const llm = scriptedModel([() => new Promise<string>(() => undefined)]);
  const agent = new Agent({ role: 'Sailor', goal: 'g', llm, maxExecutionTimeMs: 20 });
  const task = new Task({ description: 'd', expectedOutput: 'e', agent });
  await expect(new Crew({ agents: [agent], tasks: [task] }).kickoff()).rejects.toMatchObject({
    code: 'agent/timeout',
    details: { agent: 'Sailor', maxExecutionTimeMs: 20 },
  });
});

test('retryable errors are tried again and said so; callbacks hear one call, the ledger has each attempt', async () => {
  const busy = (status: number) =>
    new RegattaError('model/overloaded', 'Busy. Wait.', {
      model: 'scripted/model',
      status,
      retryable: true,
      retryAfterMs: 1,
      providerCode: null,
    });
  const llm = new LLM({ model: scriptedModel([{ error: busy(503) }, { error: busy(529) }, 'at last']) });
  const agent = new Agent({ role: 'Sailor', goal: 'g', llm });
  const task = new Task({ description: 'd', expectedOutput: 'e', agent });
  const run = new Crew({ agents: [agent], tasks: [task] }).start();
  expect((await run.result).text).toBe('at last');
  const events = await eventsOf(run);
  expect(events.map(({ type }) => type).filter((type) => type.startsWith('model.'))).toEqual([
    'model.start',
    'model.retry',
    'model.retry',
    'model.end',
  ]);
  expect(run.ledger.map(({ status, source }) => [status, source])).toEqual([
    ['failed', 'none'],
    ['failed', 'none'],
    ['succeeded', 'provider'],
  ]);
  expect(run.usage).toMatchObject({ calls: 1, attempts: 3 });
});

test('streaming takes the same path: deltas come between start and end, and the output is the same', async () => {
  const { crew } = crewOf(['one two three', 'one two three']);
  const run = crew.start({ inputs: { word: 'x' }, stream: true });
  const plain = await crew.kickoff({ inputs: { word: 'x' } });
  expect((await run.result).text).toBe(plain.text);
  const deltas = (await eventsOf(run)).flatMap((event) => (event.type === 'model.delta' ? [event.text] : []));
  expect(deltas).toEqual(['one ', 'two ', 'three']);
});

test('kickoffForEach settles in the order of its inputs, bounded, and a failure stays alone', async () => {
  let atWork = 0;
  let most = 0;
  const step: ScriptStep = async ({ messages }) => {
    most = Math.max(most, ++atWork);
    await new Promise((resolve) => setImmediate(resolve));
    atWork--;
    if (JSON.stringify(messages).includes('bad')) throw new Error('no');
    return JSON.stringify(messages[1]).match(/Explain (\w+)/)![1]!;
  };
  const agent = new Agent({ role: 'Sailor', goal: 'g', llm: scriptedModel([step], { loop: true }) });
  const task = new Task({ description: 'Explain {word}', expectedOutput: 'e', agent });
  const crew = new Crew({ agents: [agent], tasks: [task] });
  const words = ['a', 'bad', 'c', 'd', 'e'];
  const results = await crew.kickoffForEach(
    words.map((word) => ({ word })),
    { concurrency: 2 },
  );
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value.text : 'failed'))).toEqual([
    'a',
    'failed',
    'c',
    'd',
    'e',
  ]);
  expect(most).toBe(2);
});

test('one agent and one crew may serve many runs at once, and each sees only its own inputs', async () => {
  const seen = new Map<string, Set<string>>();
  const llm = scriptedModel(
    [
      ({ messages }) =>
        JSON.stringify(messages)
          .match(/RUN-\d+/g)!
          .join(' '),
    ],
    { loop: true },
  );
  const agent = new Agent({ role: 'Sailor', goal: 'g', llm });
  const task = new Task({ description: 'Explain {word}', expectedOutput: 'e', agent });
  const crew = new Crew({ agents: [agent], tasks: [task] });
  class Tracer {
    readonly marker: string;
    constructor(marker: string) {
      this.marker = marker;
    }
    onEvent(event: RunEvent): void {
      for (const other of JSON.stringify(event).match(/RUN-\d+/g) ?? []) {
        seen.set(this.marker, (seen.get(this.marker) ?? new Set()).add(other));
      }
    }
  }
  const markers = Array.from({ length: 50 }, (_, index) => `RUN-${index}`);
  const runs = markers.map((marker) =>
    crew.start({ inputs: { word: marker }, callbacks: [new Tracer(marker)] }),
  );
  await Promise.all(runs.map(({ result }) => result));
  const audits = await Promise.all(runs.map((run) => run.flush()));
  expect(markers.map((marker) => [...seen.get(marker)!])).toEqual(markers.map((marker) => [marker]));
  expect(
    audits.every(
      ({ offered, delivered, emitted, balance }) =>
        offered === emitted && delivered === offered && balance === 0,
    ),
  ).toBe(true);
});

test('a journal gives recorded results back: a run that is resumed asks neither model nor tool, and pays nothing', async () => {
  let uses = 0;
  const counted = defineTool({
    name: 'counted',
    description: 'Counts.',
    input: z.object({}),
    execute: () => `use ${++uses}`,
  });
  const { crew, llm } = crewOf([{ toolCalls: [{ tool: 'counted', args: {} }] }, 'done'], {
    tools: [counted],
  });
  const journal = memoryJournal();
  const first = await crew.kickoff({ inputs: { word: 'x' }, journal, stream: true });
  const second = await (await crew.resume(first.runId, { journal })).result;
  expect(second).toMatchObject({ runId: first.runId, text: first.text, usage: first.usage });
  expect([uses, llm.requests.length, second.usage.attempts]).toEqual([1, 2, 2]);
});

test('a runtime reads keys from its own env alone, starts nothing once closed, and keeps no finished run', async () => {
  const { crew } = crewOf(['a', 'b']);
  const runtime = createRuntime();
  expect((await runtime.run(crew, { inputs: { word: 'x' } })).text).toBe('a');
  await runtime.flush();
  await expect.poll(() => runtime.activeRuns).toBe(0);
  await runtime.close();
  expect(() => runtime.start(crew, { inputs: { word: 'x' } })).toThrow(/closed/);
  const agent = new Agent({ role: 'r', goal: 'g' });
  const task = new Task({ description: 'd', expectedOutput: 'e', agent });
  const keyless = new Crew({ agents: [agent], tasks: [task] });
  await expect(createRuntime().run(keyless)).rejects.toMatchObject({ code: 'llm/missing' });
  await expect(createRuntime({ llm: 'openai/gpt-5.4-mini' }).run(keyless)).rejects.toMatchObject({
    code: 'llm/missing-key',
  });
  await expect(createRuntime({ llm: 'nobody/x' }).run(keyless)).rejects.toMatchObject({
    code: 'llm/unknown-provider',
  });
  expect((await createRuntime({ rehearse: true, llm: 'openai/gpt-5.4-mini' }).run(keyless)).text).toContain(
    'rehearsal',
  );
});

test('what is not one of our errors ends the run as run/failed and keeps its cause', async () => {
  const cause = new TypeError('undefined is not a boat');
  const { crew } = crewOf([{ error: cause }]);
  await expect(crew.kickoff({ inputs: { word: 'x' } })).rejects.toMatchObject({ code: 'run/failed', cause });
});

test('llm.call asks once, with events, usage and a report', async () => {
  const llm = new LLM({
    model: scriptedModel(['a boat race'], { price: { inputUsdPerMillion: 1, outputUsdPerMillion: 2 } }),
  });
  const heard: string[] = [];
  const { text, usage, report } = await llm.call('What is a regatta?', {
    callbacks: [({ type }) => heard.push(type)],
  });
  expect(text).toBe('a boat race');
  expect(usage.inputTokens).toBe(10);
  expect(report.costUsd).toBe(0.00002);
  await expect.poll(() => heard).toEqual(['run.start', 'model.start', 'model.end', 'run.end']);
});

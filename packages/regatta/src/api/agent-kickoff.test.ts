import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  type AgentPart,
  Crew,
  createRuntime,
  defineTool,
  isRegattaError,
  LLM,
  type Message,
  type ReadableEvent,
  type RunEvent,
  Task,
  threads,
} from '../index.ts';
import { checkTrace, createGate, memoryJournal, scriptedModel } from '../testing/index.ts';

const lookup = defineTool({
  name: 'lookup',
  description: 'Looks a word up.',
  input: z.object({ word: z.string() }),
  execute: ({ word }, { context }) => `${word} means wind${context === undefined ? '' : ` to ${context}`}`,
});

const asksLookup = { toolCalls: [{ tool: 'lookup', args: { word: 'lee' } }] };

async function eventsOf(run: { events(): AsyncIterable<ReadableEvent> }): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) if (event.type !== 'events.gap') events.push(event);
  return events;
}

test('an agent without a crew gives text, the whole conversation, usage, and a whole trace', async () => {
  const llm = scriptedModel([asksLookup, 'Lee is wind.']);
  const agent = new Agent({ role: 'Sailor of {sea}', goal: 'Know', llm, tools: [lookup] });
  await using runtime = createRuntime();
  const run = agent.start('What is lee?', { runtime, inputs: { sea: 'the Baltic' }, context: 'Ann' });
  const output = await run.result;
  expect(output).toMatchObject({ runId: run.id, text: 'Lee is wind.', parsed: undefined });
  expect(output.usage).toMatchObject({
    calls: 2,
    byAgent: { 'Sailor of the Baltic': { calls: 2 } },
    byTask: {},
  });
  expect(output.messages).toEqual([
    { role: 'system', content: 'You are Sailor of the Baltic. Your goal: Know' },
    { role: 'user', content: 'What is lee?' },
    expect.objectContaining({ role: 'assistant' }),
    expect.objectContaining({ role: 'tool', content: 'lee means wind to Ann' }),
    { role: 'assistant', content: [{ type: 'text', text: 'Lee is wind.' }] },
  ]);
  const events = await eventsOf(run);
  expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
  expect(events.map(({ type }) => type)).toEqual([
    'run.start',
    'agent.start',
    'model.start',
    'model.end',
    'tool.start',
    'tool.end',
    'model.start',
    'model.end',
    'agent.end',
    'run.end',
  ]);
  expect(
    events.slice(1, -1).every(({ agent: who, task }) => who === 'Sailor of the Baltic' && task === null),
  ).toBe(true);
});

test('a conversation keeps its roles, and may be the output of an earlier run', async () => {
  const llm = scriptedModel(['Hello Ann.', 'You are Ann.']);
  const agent = new Agent({ role: 'Host', goal: 'Greet', llm });
  const first = await agent.kickoff('I am Ann.');
  const told: readonly Message[] = [...first.messages.slice(1), { role: 'user', content: 'Who am I?' }];
  await agent.kickoff(told);
  expect(llm.requests[1]!.messages).toEqual([
    { role: 'system', content: 'You are Host. Your goal: Greet' },
    { role: 'user', content: 'I am Ann.' },
    { role: 'assistant', content: [{ type: 'text', text: 'Hello Ann.' }] },
    { role: 'user', content: 'Who am I?' },
  ]);
});

test('what parses is typed, and the model is asked for the shape', async () => {
  const llm = scriptedModel(['{"knots": "many"}', '{"knots": 12}']);
  const agent = new Agent({ role: 'Measurer', goal: 'Measure', llm });
  const { parsed } = await agent.kickoff('How fast?', { output: z.object({ knots: z.number() }) });
  const knots: number = parsed.knots;
  expect(knots).toBe(12);
  expect(String(llm.requests[0]!.messages.at(-1)!.content)).toMatch(
    /^How fast\?\n\nGive the final answer as one JSON/,
  );
});

test('bad inputs say what is wrong: where the call is made, or before a model is asked', async () => {
  const llm = scriptedModel([]);
  const agent = new Agent({ role: 'Host of {place}', goal: 'Greet', llm });
  expect(() => agent.start(' ')).toThrow(/input must be a non-empty string/);
  expect(() => agent.start([{ role: 'assistant', content: [] }])).toThrow(/the last is the user's/);
  await expect(agent.kickoff('Hi')).rejects.toMatchObject({
    code: 'inputs/missing',
    details: { names: ['place'] },
  });
  expect(llm.requests).toEqual([]);
});

test('cancelled by its signal or by an exhausted budget, it ends as a crew does', async () => {
  const gate = createGate();
  const controller = new AbortController();
  const llm = scriptedModel([
    async () => {
      await gate.pass();
      return 'late';
    },
  ]);
  const agent = new Agent({ role: 'Host', goal: 'Greet', llm });
  const run = agent.start('Hi', { signal: controller.signal });
  await gate.reached;
  controller.abort('enough');
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  gate.open();
  expect(checkTrace(await eventsOf(run), { audit: await run.flush() })).toEqual([]);
  await expect(agent.kickoff('Hi', { budget: { calls: 0 } })).rejects.toMatchObject({
    code: 'budget/exceeded',
  });
});

test('a runtime whose runs are on threads refuses it with the error of a crew without a ref', async () => {
  await using runtime = createRuntime({ engine: threads({ size: 1 }) });
  const agent = new Agent({ role: 'Host', goal: 'Greet', llm: 'rehearsal' });
  await expect(agent.kickoff('Hi', { runtime })).rejects.toMatchObject({ code: 'engine/no-ref' });
});

test('one agent in many runs at once, alone and in crews: each gets its own', async () => {
  const llm = scriptedModel([({ messages }) => `re: ${String(messages[1]!.content).slice(0, 6)}`], {
    loop: true,
  });
  const agent = new Agent({ role: 'Echo', goal: 'Repeat', llm });
  const task = new Task({ description: '{word}', expectedOutput: 'It', agent });
  const crew = new Crew({ agents: [agent], tasks: [task] });
  const words = Array.from({ length: 50 }, (_, index) => `word${String(index).padStart(2, '0')}`);
  const alone = await Promise.all(words.map((word) => agent.kickoff(word)));
  const inCrews = await Promise.all(words.map((word) => crew.kickoff({ inputs: { word } })));
  expect(alone.map(({ text }) => text)).toEqual(words.map((word) => `re: ${word}`));
  expect(inCrews.map(({ text }) => text)).toEqual(words.map((word) => `re: ${word}`));
});

test('a run with a journal is resumed: what was recorded is neither asked nor called twice', async () => {
  const llm = scriptedModel([asksLookup, 'Lee is wind.']);
  const agent = new Agent({ role: 'Sailor', goal: 'Know', llm, tools: [lookup] });
  const journal = memoryJournal();
  const first = await agent.kickoff('What is lee?', { journal });
  const run = await agent.resume(first.runId, { journal });
  const again = await run.result;
  expect([again.text, again.messages]).toEqual([first.text, first.messages]);
  expect(llm.requests).toHaveLength(2);
  expect([run.id, again.usage]).toEqual([first.runId, first.usage]);
});

describe('agent.stream', () => {
  test('gives pieces, calls and results in order, and what is void', async () => {
    const llm = scriptedModel([{ ...asksLookup, text: 'I look.' }, 'no json', '{"is": "wind"}']);
    const agent = new Agent({ role: 'Sailor', goal: 'Know', llm, tools: [lookup] });
    const stream = agent.stream('What is lee?', { output: z.object({ is: z.string() }) });
    const parts: AgentPart[] = [];
    for await (const part of stream) parts.push(part);
    expect(parts).toEqual([
      { type: 'text', text: 'I ', turn: 1 },
      { type: 'text', text: 'look.', turn: 1 },
      {
        type: 'tool-result',
        tool: 'lookup',
        callId: 'call-0',
        result: 'lee means wind',
        isError: false,
        turn: 1,
      },
      { type: 'text', text: 'no ', turn: 2 },
      { type: 'text', text: 'json', turn: 2 },
      { type: 'retry', turn: 2, error: expect.objectContaining({ code: 'output/invalid' }) },
      { type: 'text', text: '{"is": ', turn: 3 },
      { type: 'text', text: '"wind"}', turn: 3 },
    ]);
    expect((await stream.result).parsed.is).toBe('wind');
  });

  test('who leaves early ends the run', async () => {
    const stepCallback = () => createGate().pass(); // for ever, so that the run goes on when its reader leaves
    const llm = scriptedModel(['one two three']);
    const agent = new Agent({ role: 'Sailor', goal: 'Know', llm, stepCallback });
    const stream = agent.stream('Count.');
    for await (const _ of stream) break;
    await expect(stream.result).rejects.toMatchObject({ code: 'run/cancelled' });
  });
});

describe('a small context window', () => {
  const big = defineTool({
    name: 'read',
    description: 'Reads a page.',
    input: z.object({ page: z.number() }),
    execute: ({ page }) => `page ${page}: ${'lorem ipsum '.repeat(400)}`,
  });

  const reader = (respectContextWindow: boolean) => {
    const script = scriptedModel([
      ...[1, 2, 3, 4, 5, 6].map((page) => ({
        toolCalls: [{ tool: 'read', args: { page }, callId: `c${page}` }],
      })),
      'All read.',
    ]);
    const llm = new LLM({ model: script, contextWindow: 4000, maxTokens: 500 });
    const agent = new Agent({ role: 'Reader', goal: 'Read', llm, tools: [big], respectContextWindow });
    return { agent, script };
  };

  test('is kept turn by turn, and each time it was not there is an event', async () => {
    const { agent, script } = reader(true);
    const run = agent.start('Read all pages.');
    expect((await run.result).text).toBe('All read.');
    const events = await eventsOf(run);
    expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
    const trims = events.filter(({ type }) => type === 'context.trim');
    expect(trims.length).toBeGreaterThan(1);
    for (const { messages } of script.requests) {
      const chars = messages.reduce((sum, { content }) => sum + JSON.stringify(content).length, 0);
      expect(chars / 4).toBeLessThan(3500);
    }
    // Nothing is lost to the caller: the conversation of the output is whole.
    const results = (await run.result).messages.filter(({ role }) => role === 'tool');
    expect(results.map(({ content }) => String(content).length)).toEqual(Array(6).fill(4808));
  });

  test('is not looked at where the agent says so', async () => {
    const { agent, script } = reader(false);
    await agent.kickoff('Read all pages.');
    expect(
      script.requests
        .at(-1)!
        .messages.filter(({ role }) => role === 'tool')
        .every(({ content }) => content.length === 4808),
    ).toBe(true);
  });

  test('that the task alone does not fit in is an error before a call', async () => {
    const { agent, script } = reader(true);
    const error = await agent.kickoff('Read this: '.repeat(3000)).catch((thrown) => thrown);
    expect(isRegattaError(error, 'context/too-long')).toBe(true);
    expect(error.details).toMatchObject({ contextWindow: 4000, reservedTokens: 500 });
    expect(script.requests).toEqual([]);
  });
});

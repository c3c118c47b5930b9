import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  type AgentOptions,
  createRuntime,
  defineTool,
  type Model,
  type RunContext,
} from '../index.ts';
import type { Job } from '../ports/engine.ts';
import { scriptedModel } from '../testing/index.ts';
import { wordMemory } from '../testing/memory.fixture.ts';
import { type AgentAnswer, type AgentAssignment, runAgent } from './loop.ts';

/** Runs what is given as the work of a run. */
async function inRun<T>(work: (context: RunContext) => Promise<T>): Promise<T> {
  await using runtime = createRuntime();
  const job: Job<T> = {
    name: 'test',
    inputs: null,
    ref: null,
    start: work,
    show: () => null,
    entries: () => new Map(),
    revive: () => Promise.reject(new Error('It stays here.')),
  };
  return await runtime.core.start(job, { scopes: [] }).result;
}

const assignmentOf = (model: Model, rest: Partial<AgentAssignment>): AgentAssignment => ({
  messages: [
    { role: 'system', content: 'You are Ann.' },
    { role: 'user', content: 'Find the anchor' },
  ],
  model,
  modelScope: [],
  tools: [],
  contract: null,
  ...rest,
});

async function work(
  options: Partial<AgentOptions>,
  model: Model,
  rest: (first: AgentAnswer) => Partial<AgentAssignment>,
) {
  const agent = new Agent({ role: 'Ann', goal: 'Find', llm: model, ...options });
  return await inRun(async (context) => {
    const first = await runAgent(agent, assignmentOf(model, {}), context.child('first'));
    return await runAgent(agent, assignmentOf(model, rest(first)), context.child('second'));
  });
}

test('work that goes on from an answer keeps its conversation, and nothing is added to it again', async () => {
  const model = scriptedModel(['Below.', 'Below, to starboard.']);
  const memory = wordMemory();
  const options = {
    injectDate: true,
    dateFormat: 'today',
    promptTemplate: '<{{ .Prompt }}>',
    memory: [memory],
  };
  await work(options, model, ({ messages, opening }) => ({
    messages: [...messages, { role: 'user', content: 'Say where exactly.' }],
    opening,
  }));
  const [first, second] = model.requests;
  expect(first!.messages[1]!.content).toBe('<Find the anchor\n\nCurrent date: today (UTC)>');
  expect(second!.messages).toEqual([
    ...first!.messages,
    { role: 'assistant', content: [{ type: 'text', text: 'Below.' }] },
    { role: 'user', content: 'Say where exactly.' },
  ]);
  expect(memory.size).toBe(1); // whoever goes on decides what the answer is
});

test('a call that is made although there are none left gets a result: no provider takes one without', async () => {
  const look = defineTool({ name: 'look', description: 'Looks.', input: z.object({}), execute: () => 'sea' });
  const model = scriptedModel([
    { toolCalls: [{ tool: 'look', args: {}, callId: 'a' }] },
    { toolCalls: [{ tool: 'look', args: {}, callId: 'b' }] },
  ]);
  const agent = new Agent({ role: 'Ann', goal: 'Look', llm: model, tools: [look], maxIter: 1 });
  await expect(agent.kickoff('Look.')).rejects.toMatchObject({ code: 'agent/no-answer' });
  const stubborn = scriptedModel([
    { toolCalls: [{ tool: 'look', args: {}, callId: 'a' }] },
    { text: 'Not JSON', toolCalls: [{ tool: 'look', args: {}, callId: 'b' }] },
    '"sea"',
  ]);
  const typed = new Agent({ role: 'Ann', goal: 'Look', llm: stubborn, tools: [look], maxIter: 1 });
  const { messages } = await typed.kickoff('Look.', { output: z.string() });
  expect(messages.map(({ role }) => role).join(' ')).toBe(
    'system user assistant tool user assistant tool user assistant',
  );
  expect(messages[6]).toMatchObject({ role: 'tool', callId: 'b', isError: true });
});

test('a model that fails with nothing at all is asked once', async () => {
  let calls = 0;
  const model: Model = {
    id: 'scripted/silent',
    call: () => {
      calls++;
      return Promise.reject(undefined);
    },
  };
  const agent = new Agent({ role: 'Ann', goal: 'Find', llm: model });
  await expect(inRun((context) => runAgent(agent, assignmentOf(model, {}), context))).rejects.toThrow();
  expect(calls).toBe(1);
});

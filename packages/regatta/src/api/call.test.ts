import { expect, test } from 'vitest';
import { z } from 'zod';
import { createRuntime, defineTool, LLM, type Message, type Model, type RunEvent } from '../index.ts';
import {
  checkTrace,
  createGate,
  createManualClock,
  type ScriptStep,
  scriptedModel,
} from '../testing/index.ts';
import { createCore } from './core.ts';

const boat = z.object({ name: z.string(), metres: z.number() });
const look = defineTool({
  name: 'look',
  description: 'Looks.',
  input: z.object({ at: z.string() }),
  execute: () => 'sea',
});
const llmOf = (...script: readonly ScriptStep[]) => {
  const model = scriptedModel(script);
  return { model, llm: new LLM({ model }) };
};

test('a text has all that is known of it', async () => {
  const { llm } = llmOf('a race');
  const result = await llm.call([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is a regatta?' },
  ]);
  expect(result).toMatchObject({
    kind: 'text',
    text: 'a race',
    message: { role: 'assistant', content: [{ type: 'text', text: 'a race' }] },
    finishReason: 'stop',
    usage: { inputTokens: 10, outputTokens: 5 },
    costUsd: null,
    attempts: 1,
    model: 'scripted/model',
    responseId: null,
    sources: [],
  });
  expect(result.runId).toMatch(/./);
  expect(result.report.attempts).toBe(1);
});

test('tool calls are told apart, and a conversation goes on with their results', async () => {
  const { llm, model } = llmOf(
    { text: 'Let me see', toolCalls: [{ tool: 'look', args: { at: 'sea' } }] },
    'blue',
  );
  const asked = await llm.call('Which colour?', { tools: [look], toolChoice: { tool: 'look' } });
  if (asked.kind !== 'tool-calls') throw new Error(asked.kind);
  const [call] = asked.toolCalls;
  expect([asked.text, call?.tool, call?.args]).toEqual(['Let me see', 'look', { at: 'sea' }]);
  const answer = {
    role: 'tool',
    callId: call!.callId,
    tool: 'look',
    content: 'sea',
    isError: false,
  } as const;
  const end = await llm.call([{ role: 'user', content: 'Which colour?' }, asked.message, answer], {
    tools: [look],
  });
  expect(end).toMatchObject({ kind: 'text', text: 'blue' });
  expect(model.requests.map(({ toolChoice }) => toolChoice)).toEqual([{ tool: 'look' }, 'auto']);
});

test('a refusal is a kind of its own, with a shape asked for or without', async () => {
  const { llm } = llmOf(
    { text: 'I will not.', finishReason: 'content-filter' },
    { finishReason: 'content-filter' },
  );
  expect(await llm.call('x')).toMatchObject({ kind: 'refusal', reason: 'I will not.', text: 'I will not.' });
  expect(await llm.call('x', { output: boat })).toMatchObject({
    kind: 'refusal',
    reason: expect.stringContaining('content filter'),
    text: '',
  });
});

test.each<[string, string]>([
  ['whole', '{"name":"Ada","metres":9}'],
  ['in a fence', 'Here it is:\n```json\n{"name":"Ada","metres":9}\n```\nDone.'],
  ['with a comma too many', '{"name":"Ada","metres":9,}'],
  ['in single quotes', "The boat: {'name': 'Ada', 'metres': 9}"],
  ['without its last brace', '```json\n{"name":"Ada","metres":9\n```'],
  ['with comments', '{"name":"Ada", // the old one\n"metres":9}'],
])('an object is read from its text: %s', async (_, text) => {
  const { llm, model } = llmOf(text);
  expect(await llm.call('Which boat?', { output: boat })).toMatchObject({
    kind: 'object',
    object: { name: 'Ada', metres: 9 },
    text,
    attempts: 1,
  });
  expect(model.requests).toHaveLength(1);
});

test('what does not fit is sent back with what is wrong, without tools, and each answer is a call of its own', async () => {
  const { llm, model } = llmOf('I do not know', '{"name":"Ada"}', '{"name":"Ada","metres":9}');
  const events: RunEvent[] = [];
  const run = llm.start('Which boat?', {
    output: boat,
    tools: [look],
    callbacks: [(event) => events.push(event)],
  });
  expect(await run.result).toMatchObject({ kind: 'object', object: { name: 'Ada', metres: 9 }, attempts: 3 });
  const audit = await run.flush();
  expect(checkTrace(events, { ledger: run.ledger, audit })).toEqual([]);
  const [first, second, third] = model.requests;
  expect(first!.messages).toMatchObject([
    {
      role: 'user',
      content: expect.stringMatching(/^Which boat\?\n\nGive the final answer as one JSON value/),
    },
  ]);
  expect(second!.messages.slice(1)).toMatchObject([
    { role: 'assistant' },
    { role: 'user', content: expect.stringContaining('holds no JSON value') },
  ]);
  expect(third!.messages.at(-1)).toMatchObject({ content: expect.stringContaining('metres') });
  expect([first, second, third].map((request) => request!.toolChoice)).toEqual(['auto', 'none', 'none']);
  expect(events.filter(({ type }) => type === 'output.rejected')).toHaveLength(2);
});

test('an answer that never fits ends in an error that keeps its text', async () => {
  const { llm, model } = llmOf('no', 'no', 'never');
  await expect(llm.call('Which boat?', { output: boat })).rejects.toMatchObject({
    code: 'output/invalid',
    details: { text: 'never', problems: [{ message: 'The answer holds no JSON value.' }] },
  });
  expect(model.requests).toHaveLength(3);
  const strict = llmOf('no');
  await expect(strict.llm.call('x', { output: boat, maxOutputRetries: 0 })).rejects.toMatchObject({
    code: 'output/invalid',
  });
  expect(strict.model.requests).toHaveLength(1);
});

test('half an answer is not mended into a whole one', async () => {
  const open = z.object({ name: z.string() });
  const { llm } = llmOf({ text: '{"name":"Ad', finishReason: 'length' }, '{"name":"Ada"}');
  expect(await llm.call('x', { output: open })).toMatchObject({ object: { name: 'Ada' }, attempts: 2 });
});

/** Takes a schema, and refuses this one. */
function refusing(words: string): Model & { readonly shapes: unknown[] } {
  const shapes: unknown[] = [];
  const answers = scriptedModel(['{"name":"Ada","metres":9}'], { loop: true });
  return {
    id: 'stub/model',
    takesSchema: 'always',
    shapes,
    async call(request, context, tell) {
      shapes.push(request.output);
      if (request.output === null) return await answers.call(request, context, tell);
      const { failure } = await import('../model/failures.fixture.ts');
      const refused = failure('model/invalid-request', { status: 400 });
      refused.message = `It does not take it (400: "${words}").`;
      throw refused;
    },
  };
}

test('where a provider refuses the schema, the prompt asks for the shape; and it is not tried again with this one', async () => {
  const model = refusing("Invalid parameter: 'response_format' of type 'json_schema' is not supported.");
  const llm = new LLM({ model });
  const runtime = createRuntime();
  const question = { output: { type: 'object', required: ['name'] } } as const;
  expect(await llm.call('x', { ...question, runtime })).toMatchObject({ kind: 'object', attempts: 2 });
  expect(await llm.call('x', { ...question, runtime })).toMatchObject({ kind: 'object', attempts: 1 });
  expect(model.shapes).toEqual([expect.objectContaining({ name: 'answer' }), null, null]);
  await expect(
    new LLM({ model: refusing('Invalid temperature.') }).call('x', question),
  ).rejects.toMatchObject({
    code: 'model/invalid-request',
  });
});

test('a model that takes schemas is not asked in the prompt as well', async () => {
  const scripted = scriptedModel(['{"name":"Ada","metres":9}', '{"name":"Ada","metres":9}']);
  const llm = new LLM({ model: { ...scripted, takesSchema: 'without-tools' } });
  await llm.call('x', { output: boat });
  await llm.call('x', { output: boat, tools: [look] });
  const [alone, beside] = scripted.requests.map(({ messages }) => String(messages[0]?.content));
  expect(alone).toBe('x');
  expect(beside).toContain('JSON Schema');
});

test('who takes a schema only without tools gets it once tools are forbidden, unless the history has calls', async () => {
  const asked = async (history: readonly Message[], takesSchema: Model['takesSchema'] = 'without-tools') => {
    const scripted = scriptedModel(['no', '{"name":"Ada","metres":9}']);
    const llm = new LLM({ model: { ...scripted, takesSchema } });
    const { attempts } = await llm.call([...history, { role: 'user', content: 'x' }], {
      output: boat,
      tools: [look],
    });
    expect(attempts).toBe(2);
    return scripted.requests.map(({ tools, toolChoice }) => `${toolChoice} ${tools.length}`);
  };
  const call = { type: 'tool-call', callId: '1', tool: 'look', args: {} } as const;
  const result = { role: 'tool', callId: '1', tool: 'look', content: 'fog', isError: false } as const;
  expect(await asked([])).toEqual(['auto 1', 'none 0']);
  expect(await asked([{ role: 'assistant', content: [call] }, result])).toEqual(['auto 1', 'none 1']);
  expect(await asked([], 'always')).toEqual(['auto 1', 'none 1']);
});

test('what cannot be asked is refused before anything is', () => {
  const { llm, model } = llmOf('never');
  expect(() => llm.start('')).toThrow(/input must be a text or messages/);
  expect(() => llm.start([])).toThrow(/got \[\]/);
  expect(() => llm.start('x', { toolChoice: { tool: 'look' } })).toThrow(/"look", which is not offered/);
  expect(() => llm.start('x', { maxOutputRetries: -1 })).toThrow(/maxOutputRetries/);
  expect(model.requests).toHaveLength(0);
});

test('an aborted signal ends a call with run/cancelled: before it begins nothing is asked, and nothing billed', async () => {
  const { llm, model } = llmOf('never');
  const before = llm.start('x', { signal: AbortSignal.abort(new Error('too late')) });
  await expect(before.result).rejects.toMatchObject({
    code: 'run/cancelled',
    details: { reason: 'too late' },
  });
  expect([model.requests.length, before.ledger.length]).toEqual([0, 0]);
  const gate = createGate();
  const controller = new AbortController();
  const slow = llmOf(async () => {
    await gate.pass();
    return 'late';
  });
  const under = slow.llm.start('x', { signal: controller.signal });
  await gate.reached;
  controller.abort(new Error('enough'));
  await expect(under.result).rejects.toMatchObject({ code: 'run/cancelled', details: { reason: 'enough' } });
  expect(under.ledger).toMatchObject([{ status: 'aborted', source: 'estimated' }]);
  gate.open();
});

test('a pause between attempts ends with the call', async () => {
  const clock = createManualClock();
  const core = createCore({ clock });
  const { failure } = await import('../model/failures.fixture.ts');
  const { llm, model } = llmOf({ error: failure('model/network') }, 'late');
  const run = llm.start('x', { runtime: { core } });
  await clock.settle();
  expect(clock.timers).toBe(1);
  run.cancel('enough');
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  expect([clock.timers, model.requests.length]).toEqual([0, 1]);
});

test('a budget bounds one call with its retries', async () => {
  const { llm } = llmOf('no', '{"name":"Ada","metres":9}');
  await expect(llm.call('x', { output: boat, budget: { calls: 1 } })).rejects.toMatchObject({
    code: 'budget/exceeded',
  });
});

import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  createRuntime,
  defineTool,
  type Model,
  type ModelReply,
  type ModelRequest,
  type RunEvent,
} from '../index.ts';
import { createContext } from '../models/fixtures/context.fixture.ts';
import { checkTrace, type ScriptStep, scriptedModel } from '../testing/index.ts';
import { endingAt } from './stopped.ts';
import { readArgs, readText, toText } from './text-protocol.ts';

const used: unknown[] = [];
const depth = defineTool({
  name: 'depth',
  description: 'Measures the depth.',
  input: z.object({ place: z.string() }),
  execute: ({ place }) => {
    used.push(place);
    return `${place}: 12 m`;
  },
});

async function work(script: readonly ScriptStep[], stream = false) {
  used.length = 0;
  const llm = scriptedModel(script);
  const pilot = new Agent({ role: 'Pilot', goal: 'Stay afloat', llm, tools: [depth], toolProtocol: 'text' });
  await using runtime = createRuntime();
  const run = pilot.start('How deep is it at Cowes?', { runtime, stream });
  const output = await run.result;
  const events: RunEvent[] = [];
  for await (const event of run.events()) if (event.type !== 'events.gap') events.push(event);
  expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
  return { llm, output, events, used: [...used] };
}

const deltas = (events: readonly RunEvent[], kind: string): string =>
  events
    .flatMap((event) => (event.type === 'model.delta' && event.kind === kind ? [event.text] : []))
    .join('');

const texts = ({ messages }: ModelRequest) =>
  messages.map(({ role, content }) => [role, JSON.stringify(content)]);

const CALL = 'Thought: I must measure.\nAction: depth\nAction Input: {"place": "Cowes"}';

describe.each([false, true])('streamed: %s', (stream) => {
  test('a call in the text is a call: the tool runs, its result goes back as text, and the answer is clean', async () => {
    const { llm, output, events, used: places } = await work([CALL, 'Final Answer: 12 m deep.'], stream);
    expect(output.text).toBe('12 m deep.');
    expect(places).toEqual(['Cowes']);
    const [first, second] = llm.requests;
    expect(first!.tools).toEqual([]);
    expect(String(first!.messages[0]!.content)).toContain(
      '- depth: Measures the depth.\n  Arguments (JSON Schema): {',
    );
    expect(first!.stop).toEqual(['\nObservation:']);
    expect(texts(second!).slice(2)).toEqual([
      ['assistant', expect.stringContaining('Action: depth\\nAction Input: {\\"place\\":\\"Cowes\\"}')],
      ['user', '"Observation: Cowes: 12 m"'],
    ]);
    expect(output.messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'tool',
      'assistant',
    ]);
    expect(deltas(events, 'text')).toBe(stream ? 'I must measure.12 m deep.' : '');
    expect(deltas(events, 'tool-call')).toBe(stream ? '{"place":"Cowes"}' : '');
  });

  test('a result that the model makes up is cut off, with all that rests on it (crewAI #3154)', async () => {
    const madeUp = `${CALL}\nObservation: Cowes: 99 m\nFinal Answer: 99 m deep.`;
    const { llm, output, events } = await work([madeUp, 'Final Answer: 12 m deep.'], stream);
    expect(output.text).toBe('12 m deep.');
    expect(JSON.stringify(llm.requests[1]!.messages)).not.toContain('99');
    expect(JSON.stringify(output.messages)).not.toContain('99');
    expect(deltas(events, 'text')).not.toContain('99');
  });

  test('text without any mark is an answer', async () => {
    const { output, events } = await work(['It is deep enough.\nSail on.'], stream);
    expect(output.text).toBe('It is deep enough.\nSail on.');
    expect(deltas(events, 'text')).toBe(stream ? output.text : '');
  });

  test('malformed calls are answered with what is wrong', async () => {
    const { llm, used: places } = await work(
      [
        'Action: depth\nAction Input: {"place": ',
        'Action: sonar\nAction Input: {}',
        'Action: depth',
        CALL,
        'Final Answer: ok',
      ],
      stream,
    );
    const told = (call: number): string => String(llm.requests[call]!.messages.at(-1)!.content);
    expect(told(1)).toMatch(
      /^Observation: Tool "depth" failed\. The arguments of tool "depth" are not valid/,
    );
    expect(told(1)).toContain('JSON Schema');
    expect(told(2)).toContain('There is no tool "sonar". Use one of: depth.');
    expect(told(3)).toContain('place');
    expect(places).toEqual(['Cowes']);
  });

  test('an agent without calls left gets no call through, and is asked for its answer', async () => {
    const llm = scriptedModel([CALL, CALL, 'Final Answer: 12 m']);
    const agent = new Agent({
      role: 'Pilot',
      goal: 'Go',
      llm,
      tools: [depth],
      toolProtocol: 'text',
      maxIter: 1,
    });
    used.length = 0;
    await expect(agent.kickoff('How deep?', { stream })).rejects.toMatchObject({ code: 'agent/no-answer' });
    expect(used).toEqual(['Cowes']);
  });
});

test('a final answer of a typed task is read behind its mark', async () => {
  const llm = scriptedModel([CALL, 'Thought: done\nFinal Answer: {"metres": 12}']);
  const agent = new Agent({ role: 'Pilot', goal: 'Go', llm, tools: [depth], toolProtocol: 'text' });
  const { parsed } = await agent.kickoff('How deep?', { output: z.object({ metres: z.number() }) });
  expect(parsed.metres).toBe(12);
  expect(llm.requests[0]!.output).toBeNull();
});

test('an attempt that is void does not cut the next one short', async () => {
  const context = createContext({ wantsDeltas: true });
  const text = (piece: string) => ({ type: 'delta', kind: 'text', text: piece, tool: null }) as const;
  const error = { code: 'model/network', message: 'Lost. Try again.', details: null };
  const model: Model = {
    id: 'test/model',
    async call(_request, _context, tell) {
      await tell(text('one END'));
      await tell({ type: 'retry', attempt: 1, delayMs: 0, error });
      await tell(text('two '));
      await tell(text('three END four'));
      return replyOf('two three END four');
    },
  };
  const seen: unknown[] = [];
  const reply = await endingAt(model, ['END']).call(
    { messages: [], tools: [], toolChoice: 'none', output: null, attempt: 1 },
    context,
    (news) => void seen.push(news.type === 'delta' ? news.text : 'retry'),
  );
  expect(seen).toEqual(['one ', 'retry', 'two ', 'three ']);
  expect(reply.message.content).toEqual([{ type: 'text', text: 'two three ' }]);
});

const replyOf = (text: string): ModelReply => ({
  message: { role: 'assistant', content: [{ type: 'text', text }] },
  finishReason: 'stop',
  usage: { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  modelId: null,
  responseId: null,
});

describe('reading', () => {
  test.each([
    ['Final Answer: a', 'a'],
    ['**Final Answer:** a', 'a'],
    ['Thought: b\nFinal Answer: a\nAction: depth', 'a\nAction: depth'],
    ['Thought: only this', 'only this'],
    ['Action: is what we need.\nLet us go.', 'Action: is what we need.\nLet us go.'],
    ['Action: is what we need.\nFinal Answer: a', 'a'],
    ['It is so.\nObservation: made up', 'It is so.'],
  ])('%j is the answer %j', (text, answer) => {
    expect(readText(text, ['depth'])).toEqual({ kind: 'answer', text: answer });
  });

  test.each([
    ['Action: depth\nAction Input: {"a": 1}', 'depth', { a: 1 }],
    ['**Action:** `depth`\n**Action Input:** {"a": 1} and then I wait', 'depth', { a: 1 }],
    ['Action: depth\nAction Input:\n```json\n{"a": [1]}\n```', 'depth', { a: [1] }],
    ['Action: depth', 'depth', {}],
    ['Action: depth\nAction Input: {"a": {"b": 1}, oops', 'depth', '{"a": {"b": 1}, oops'],
    ['Action: other\nAction Input: 5\nFinal Answer: no', 'other', '5\nFinal Answer: no'],
  ])('%j is a call', (text, tool, args) => {
    const reading = readText(text, ['depth']);
    expect(reading).toMatchObject({ kind: 'call', tool });
    expect(readArgs(reading.kind === 'call' ? reading.input : '')).toEqual(args);
  });

  test('a made-up result is no part of arguments that cannot be read', () => {
    const reading = readText('Action: depth\nAction Input: {"place": \n **Observation:** 99 m', ['depth']);
    expect(reading).toMatchObject({ kind: 'call', input: '{"place":' });
  });

  test('results of one turn are one message, in their order, and failures say so', () => {
    const result = { role: 'tool', tool: 'depth', isError: false } as const;
    expect(
      toText([
        { ...result, callId: '1', content: 'a' },
        { ...result, callId: '2', content: 'b', isError: true },
      ]),
    ).toEqual([{ role: 'user', content: 'Observation: a\n\nObservation: Tool "depth" failed. b' }]);
  });
});

import { describe, expect, it } from 'vitest';
import { parseJson } from '../base/json.ts';
import type { ModelRequest } from '../ports/model.ts';
import type { Message } from '../protocol/message.ts';
import { textOf, toolCallsOf } from '../protocol/message.ts';
import { collect } from './fixtures/collect.fixture.ts';
import { createContext } from './fixtures/context.fixture.ts';
import { createRehearsalModel } from './rehearsal.ts';

const TASK: Message = { role: 'user', content: '\nReport on rowing\nShort, please.' };
const SEARCH = {
  name: 'search',
  description: 'Searches.',
  inputSchema: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
};
const NOW = { name: 'now', description: 'Tells the time.', inputSchema: { type: 'object', properties: {} } };
const REQUEST: ModelRequest = { messages: [TASK], tools: [], toolChoice: 'auto', output: null, attempt: 1 };
const model = createRehearsalModel();

async function ask(request: Partial<ModelRequest>, wantsDeltas = false) {
  return collect((tell) => model.call({ ...REQUEST, ...request }, createContext({ wantsDeltas }), tell));
}

/** The conversation after the tools were called and answered. */
async function answered(tools: ModelRequest['tools'], content: string): Promise<Message[]> {
  const { message } = (await ask({ tools })).reply;
  const results = toolCallsOf(message).map(
    ({ callId, tool }): Message => ({ role: 'tool', callId, tool, content, isError: false }),
  );
  return [TASK, message, ...results];
}

it('calls each tool once, all in the first turn, with arguments that fit', async () => {
  const { reply } = await ask({ tools: [SEARCH, NOW] });
  expect(reply.finishReason).toBe('tool-calls');
  expect(reply.message.content).toEqual([
    { type: 'tool-call', callId: 'call-0', tool: 'search', args: { query: 'Report on rowing' } },
    { type: 'tool-call', callId: 'call-1', tool: 'now', args: {} },
  ]);
});

it('then answers with the task and what the tools gave', async () => {
  const messages = await answered([SEARCH], `Eight oars.\n${'x'.repeat(500)}`);
  const { reply } = await ask({ messages, tools: [SEARCH] });
  expect(reply.finishReason).toBe('stop');
  const text = textOf(reply.message);
  expect(text).toMatch(/^\[rehearsal\] Asked: Report on rowing\nsearch: Eight oars\. x+…$/);
  expect(text.length).toBeLessThan(300);
});

it('begins anew when the user speaks again, with ids that were not used', async () => {
  const messages: Message[] = [
    ...(await answered([NOW], 'noon')),
    { role: 'user', content: 'And tomorrow?' },
  ];
  const { reply } = await ask({ messages, tools: [NOW] });
  expect(toolCallsOf(reply.message).map(({ callId }) => callId)).toEqual(['call-1']);
});

it.each<[ModelRequest['toolChoice'], number]>([
  ['none', 0],
  ['auto', 1],
  ['required', 1],
])('obeys the tool choice %s', async (toolChoice, calls) => {
  expect(toolCallsOf((await ask({ tools: [NOW], toolChoice })).reply.message)).toHaveLength(calls);
});

it('must call when it must, even with results at hand', async () => {
  const messages = await answered([NOW], 'noon');
  expect(
    toolCallsOf((await ask({ messages, tools: [NOW], toolChoice: 'required' })).reply.message),
  ).toHaveLength(1);
});

it('answers by the output schema', async () => {
  const schema = {
    type: 'object',
    properties: { title: { type: 'string', minLength: 3 }, score: { type: 'integer', minimum: 5 } },
    required: ['title', 'score'],
  };
  const { reply } = await ask({ output: { name: 'report', schema } });
  expect(parseJson(textOf(reply.message))).toEqual({ title: 'sample title', score: 5 });
});

describe('its answers', () => {
  it('are the same every time, and are JSON', async () => {
    const [first, second] = [await ask({ tools: [SEARCH] }), await ask({ tools: [SEARCH] })];
    expect(second).toEqual(first);
    expect(JSON.parse(JSON.stringify(first))).toEqual(first);
  });

  it('stream word by word, and add up', async () => {
    const { events, reply } = await ask({}, true);
    expect(events.length).toBeGreaterThan(3);
    expect(events.map((event) => (event.type === 'delta' ? event.text : '')).join('')).toBe(
      textOf(reply.message),
    );
    expect((await ask({})).events).toEqual([]);
  });

  it('count a token for four characters, and cost nothing', async () => {
    const { usage, message } = (await ask({})).reply;
    expect(usage.outputTokens).toBe(Math.ceil(textOf(message).length / 4));
    expect(usage.inputTokens).toBeGreaterThan(5);
    expect(model.price).toEqual({ inputUsdPerMillion: 0, outputUsdPerMillion: 0 });
  });

  it('carry the name that was asked for', () => {
    expect([model.id, createRehearsalModel('fast').id]).toEqual(['rehearsal/default', 'rehearsal/fast']);
  });

  it('end when the run is cancelled', async () => {
    const context = createContext({ signal: AbortSignal.abort(new Error('enough')) });
    await expect(collect((tell) => model.call(REQUEST, context, tell))).rejects.toThrow('enough');
  });

  it('do without a task', async () => {
    expect(textOf((await ask({ messages: [] })).reply.message)).toBe('[rehearsal] Asked: ');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRegattaError, RegattaError } from '../base/errors.ts';
import type { Model, ModelReply, ModelRequest, TokenCounter } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { EventDraft } from '../ports/span.ts';
import type { ContextTrim } from '../protocol/event.ts';
import { type AssistantMessage, type Message, toolCallsOf } from '../protocol/message.ts';
import { type FitOptions, fitted } from './fitted.ts';
import type { Ask } from './summary.ts';

type Request = Omit<ModelRequest, 'attempt'>;

/** Counts characters: the strictest there is, and easy to count again. */
const chars: TokenCounter = {
  count: (text) => text.length,
  messageTokens: 4,
  requestTokens: 3,
  isExact: true,
};

const span = { id: 'agent', parentId: null, task: null, agent: null, scope: [] };
/** What was told since the last `drive`. */
let told: EventDraft['body'][] = [];
const tell = (body: EventDraft['body']) => void told.push(body);
const context = { span, tell } as unknown as RunContext; // as much of one as fitting takes

/** What the test itself says a request takes, by characters: the parts that are not text as JSON. */
function sizeOf({ messages, tools, output }: Request): number {
  const content = (message: Message): number => {
    if (typeof message.content === 'string') {
      const names = message.role === 'tool' ? JSON.stringify([message.tool, message.callId]).length : 0;
      return message.content.length + names;
    }
    return message.content.reduce(
      (sum, part) => sum + (part.type === 'text' ? part.text.length : JSON.stringify(part).length),
      0,
    );
  };
  const specs = tools.length === 0 ? 0 : JSON.stringify(tools).length;
  const schema = output === null ? 0 : JSON.stringify(output.schema).length;
  return messages.reduce((sum, message) => sum + 4 + content(message), 3) + specs + schema;
}

function modelOf(contextWindow: number | undefined, maxTokens?: number): Model {
  return {
    id: 'test/model',
    contextWindow,
    loadCounter: async () => chars,
    parameters: maxTokens === undefined ? {} : { maxTokens },
    async call() {
      throw new Error('The ask stands for the model.');
    },
  };
}

const replyOf = (text: string): ModelReply => ({
  message: { role: 'assistant', content: [{ type: 'text', text }] },
  finishReason: 'stop',
  usage: { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  modelId: null,
  responseId: null,
});

interface Asked {
  readonly key: string;
  readonly request: Request;
}

/** Answers summaries by `summary`, and everything else by `answer`; keeps what it was asked. */
function asking(summary: () => string, answer: (request: Request) => string = () => 'done') {
  const asked: Asked[] = [];
  const ask: Ask = async (request, key) => {
    asked.push({ key, request });
    return replyOf(key.includes('summary') ? summary() : answer(request));
  };
  return { ask, asked, main: () => asked.filter(({ key }) => !key.includes('summary')) };
}

async function drive<T>(
  work: Promise<T>,
): Promise<{ readonly value: T; readonly trims: readonly ContextTrim[] }> {
  try {
    const value = await work;
    return { value, trims: told.filter((body) => body.type === 'context.trim') };
  } finally {
    told = [];
  }
}

const requestOf = (messages: readonly Message[]): Request => ({
  messages,
  tools: [],
  toolChoice: 'none',
  output: null,
});

const opening: readonly Message[] = [
  { role: 'system', content: 'You are Ann.' },
  { role: 'user', content: 'Find the boat.' },
];

function turnOf(index: number, result: string): readonly Message[] {
  const callId = `call-${index}`;
  return [
    { role: 'assistant', content: [{ type: 'tool-call', callId, tool: 'look', args: { at: index } }] },
    { role: 'tool', callId, tool: 'look', content: result, isError: false },
  ];
}

/** No result without its call before it, no call without its result behind it. */
function expectPaired(messages: readonly Message[]): void {
  const open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === 'assistant') {
      for (const { callId } of toolCallsOf(message)) open.add(callId);
      continue;
    }
    if (message.role === 'tool') {
      expect(open.delete(message.callId), `result ${message.callId} at ${index} has its call`).toBe(true);
    } else expect([...open], `calls before message ${index} have results`).toEqual([]);
  }
  expect([...open]).toEqual([]);
}

describe('any conversation, in any window', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 50, unit: 'binary' }),
    fc.tuple(fc.constantFrom('word ', '⛵', '\n'), fc.nat(120)).map(([one, count]) => one.repeat(count)),
  );
  const turn = fc.oneof(
    text.map((content) => ({ calls: 0, texts: [content] })),
    fc.record({
      calls: fc.integer({ min: 1, max: 3 }),
      texts: fc.array(text, { minLength: 4, maxLength: 4 }),
    }),
  );
  const conversation = fc.record({
    history: fc.array(turn, { maxLength: 4 }),
    task: fc.string({ minLength: 1, maxLength: 200 }),
    turns: fc.array(turn, { minLength: 4, maxLength: 12 }),
    window: fc.integer({ min: 600, max: 6000 }),
    maxTokens: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
    summary: fc.string({ maxLength: 3000 }),
    hasTools: fc.boolean(),
  });

  function messagesOf(
    turns: readonly { calls: number; texts: readonly string[] }[],
    prefix: string,
  ): Message[] {
    return turns.flatMap(({ calls, texts }, index): Message[] => {
      if (calls === 0) {
        const content: AssistantMessage['content'] = [{ type: 'text', text: texts[0]! }];
        return [
          { role: 'assistant', content },
          { role: 'user', content: `go on ${index}` },
        ];
      }
      const ids = Array.from({ length: calls }, (_, at) => `${prefix}${index}-${at}`);
      return [
        {
          role: 'assistant',
          content: [
            { type: 'text', text: texts[3]! },
            ...ids.map((callId) => ({ type: 'tool-call', callId, tool: 'look', args: {} }) as const),
          ],
        },
        ...ids.map(
          (callId, at): Message => ({
            role: 'tool',
            callId,
            tool: 'look',
            content: texts[at]!.repeat(5),
            isError: false,
          }),
        ),
      ];
    });
  }

  test('no request passes the limit; system, task and latest turn stay; calls keep their results', async () => {
    let trimmed = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        conversation,
        async ({ history, task, turns, window, maxTokens, summary, hasTools }) => {
          const start: Message[] = [
            { role: 'system', content: 'You are Ann.' },
            ...messagesOf(history, 'h'),
            { role: 'user', content: task },
          ];
          const all = messagesOf(turns, 't');
          const tools = hasTools
            ? [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }]
            : [];
          const { ask, asked } = asking(() => summary);
          const fit = fitted(
            ask,
            { model: modelOf(window, maxTokens), opening: start.length, extra: '' },
            context,
          );
          const limit = window - (maxTokens ?? Math.min(4096, Math.floor(window / 4)));
          // Turn by turn, as the loop does it: what was made shorter before stays so.
          for (let end = 0; end <= all.length; end++) {
            if (all[end]?.role === 'tool' || (end > 0 && all[end - 1]?.role === 'assistant')) continue;
            const messages = [...start, ...all.slice(0, end)];
            const request = { ...requestOf(messages), tools };
            const before = asked.length;
            const trims: ContextTrim[] = [];
            try {
              trims.push(...(await drive(fit(request, `turn-${end}`))).trims);
            } catch (error) {
              refused++;
              expect(isRegattaError(error, 'context/too-long')).toBe(true);
              expect(asked.slice(before)).toEqual([]); // nor was anything summed up for it
              for (const { request: sent } of asked) expect(sizeOf(sent)).toBeLessThanOrEqual(limit);
              return;
            }
            const sent = asked.at(-1)!.request;
            for (const { request: one } of asked.slice(before))
              expect(sizeOf(one)).toBeLessThanOrEqual(limit);
            expectPaired(sent.messages);
            expect(sent.messages[0]).toEqual(start[0]);
            expect(sent.messages).toContainEqual({ role: 'user', content: task });
            const latest = messages.slice(start.length).findLast(({ role }) => role === 'assistant');
            if (latest !== undefined) expect(sent.messages).toContainEqual(latest);
            trimmed += trims.length;
            if (sizeOf(request) * 1.25 + 9 <= limit && before === 0) expect(sent.messages).toEqual(messages);
            for (const { afterTokens, limitTokens } of trims) {
              expect(limitTokens).toBe(limit);
              // Calls and schemas are in the provider's own form: there is a margin on them.
              expect(afterTokens).toBeGreaterThanOrEqual(sizeOf(sent));
              expect(afterTokens).toBeLessThanOrEqual(limit);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
    // The property would say nothing of conversations that all fit, or never do.
    expect(trimmed).toBeGreaterThan(200);
    expect(refused).toBeGreaterThan(20);
  });
});

test('the naive way, which drops the oldest messages, parts results from their calls: so the check can fail', () => {
  const messages = [...opening, ...turnOf(1, 'a'), ...turnOf(2, 'b')];
  expect(() => expectPaired([...messages.slice(0, 2), ...messages.slice(3)])).toThrow();
  expect(() => expectPaired(messages.slice(0, 3))).toThrow();
  expectPaired(messages);
});

function fit(window: number | undefined, options: Partial<FitOptions> = {}, summary = 'Nothing so far.') {
  const { ask, ...rest } = asking(() => summary);
  const fitOptions = { model: modelOf(window, 100), opening: opening.length, extra: '', ...options };
  return { ...rest, ask: fitted(ask, fitOptions, context) };
}

test('old results are shortened first, the largest before the others, with a mark that says how much is gone', async () => {
  const { ask, main } = fit(3000);
  const messages = [
    ...opening,
    ...turnOf(1, 'x'.repeat(900)),
    ...turnOf(2, 'y'.repeat(1900)),
    ...turnOf(3, 'z'.repeat(300)),
  ];
  const { trims } = await drive(ask(requestOf(messages), 'turn-4'));
  const [told] = trims;
  expect(told).toMatchObject({
    because: 'window',
    shortened: 1,
    summarised: 0,
    dropped: 0,
    isExact: false,
    error: null,
  });
  const results = main()[0]!.request.messages.flatMap(({ role, content }) =>
    role === 'tool' ? [String(content)] : [],
  );
  expect(results[0]).toBe('x'.repeat(900));
  expect(results[1]).toMatch(/^y+\n\[… \d+ of 1900 characters left out, to fit the context window …\]\ny+$/);
  expect(results[2]).toBe('z'.repeat(300));
});

test('then older turns are summed up, and the next turns begin with the summary instead of summing up again', async () => {
  const { ask, asked, main } = fit(3000, {}, 'The boat is not at pier 1.');
  const long: Message = { role: 'assistant', content: [{ type: 'text', text: 'I thought. '.repeat(250) }] };
  const messages: Message[] = [
    ...opening,
    long,
    { role: 'user', content: 'And?' },
    ...turnOf(2, 'at pier 2'),
  ];
  const { trims } = await drive(ask(requestOf(messages), 'turn-3'));
  expect(trims[0]).toMatchObject({ shortened: 0, summarised: 2, dropped: 0 });
  const more = [...messages, ...turnOf(3, 'gone')];
  await drive(ask(requestOf(more), 'turn-4'));
  expect(asked.map(({ key }) => key)).toEqual(['turn-3-summary-1', 'turn-3', 'turn-4']);
  expect(main()[1]!.request.messages).toEqual([
    ...opening,
    {
      role: 'user',
      content:
        'Summary of earlier parts of the conversation, to fit the context window:\nThe boat is not at pier 1.',
    },
    ...turnOf(2, 'at pier 2'),
    ...turnOf(3, 'gone'),
  ]);
});

test('a summary that is longer than it was to be is cut, and takes no more room than was left for it', async () => {
  const { ask, main } = fit(3000, {}, 'and then '.repeat(2000));
  const long: Message = { role: 'assistant', content: [{ type: 'text', text: 'I thought. '.repeat(250) }] };
  const messages: Message[] = [
    ...opening,
    long,
    { role: 'user', content: 'And?' },
    ...turnOf(2, 'at pier 2'),
  ];
  await drive(ask(requestOf(messages), 'turn-3'));
  const sent = main()[0]!.request;
  expect(String(sent.messages[2]!.content)).toMatch(
    /^Summary of earlier[\s\S]*and then[\s\S]*characters left out/,
  );
  expect(sizeOf(sent)).toBeLessThanOrEqual(0.8 * 2900);
});

test('a summariser that fails is told of, and whole turns are left out with a mark; other errors go through', async () => {
  const failure = new RegattaError('model/overloaded', 'Busy. Wait.', {
    model: 'm',
    status: 529,
    retryable: true,
    retryAfterMs: null,
    providerCode: null,
  });
  const messages = [...opening, ...Array.from({ length: 40 }, (_, at) => turnOf(at, `at ${at}`)).flat()];
  const asked: Request[] = [];
  const askWith =
    (error: unknown): Ask =>
    async (request, key) => {
      if (key.includes('summary')) throw error;
      asked.push(request);
      return replyOf('done');
    };
  const options = { model: modelOf(3200, 100), opening: 2, extra: '' };
  const { trims } = await drive(fitted(askWith(failure), options, context)(requestOf(messages), 'turn-41'));
  const [told] = trims;
  expect(told).toMatchObject({ summarised: 0, error: { code: 'model/overloaded' } });
  expect(asked[0]!.messages[2]).toEqual({
    role: 'user',
    content: `[${told!.dropped} earlier messages were left out, to fit the context window.]`,
  });
  expect(asked[0]!.messages.slice(3)).toEqual(messages.slice(2 + told!.dropped));
  expectPaired(asked[0]!.messages);

  const cancelled = new Error('cancelled');
  const work = drive(fitted(askWith(cancelled), options, context)(requestOf(messages), 'turn-41'));
  await expect(work).rejects.toBe(cancelled);
});

test('what can never fit is an error before anything is asked, with the numbers in hand', async () => {
  const { ask, asked } = fit(300);
  const messages: Message[] = [opening[0]!, { role: 'user', content: 'w'.repeat(500) }];
  const error = await drive(ask(requestOf(messages), 'turn-1')).catch((thrown) => thrown);
  expect(isRegattaError(error, 'context/too-long')).toBe(true);
  expect(error.details).toEqual({
    model: 'test/model',
    contextWindow: 300,
    reservedTokens: 100,
    tokens: sizeOf(requestOf(messages)),
  });
  expect(asked).toEqual([]);
});

test('a newest result that is too long by itself is shortened, rather than all that went before it', async () => {
  const { ask, main } = fit(2000);
  const messages = [...opening, ...turnOf(1, 'short'), ...turnOf(2, 'n'.repeat(50_000))];
  const { trims } = await drive(ask(requestOf(messages), 'turn-3'));
  expect(trims[0]).toMatchObject({ shortened: 1 });
  expect(sizeOf(main()[0]!.request)).toBeLessThanOrEqual(1900);
  expect(String(main()[0]!.request.messages.at(-1)!.content)).toContain('of 50000 characters left out');
});

describe('a provider that finds a prompt too long although it should fit', () => {
  const refusal = new RegattaError('model/context-length', 'Too long. Shorten it.', {
    model: 'm',
    status: 400,
    retryable: false,
    retryAfterMs: null,
    providerCode: null,
  });

  function strict(limit: number) {
    const asked: Asked[] = [];
    const ask: Ask = async (request, key) => {
      asked.push({ key, request });
      if (sizeOf(request) > limit) throw refusal;
      return replyOf('done');
    };
    return { ask, asked };
  }
  const messages = [...opening, ...Array.from({ length: 10 }, (_, at) => turnOf(at, 'r'.repeat(300))).flat()];

  test.each([[undefined], [100_000]])('is asked again with less, also with window %s', async (window) => {
    const { ask, asked } = strict(2000);
    const fit = fitted(ask, { model: modelOf(window), opening: 2, extra: '' }, context);
    const { value, trims } = await drive(fit(requestOf(messages), 'turn-11'));
    expect(value.message).toEqual(replyOf('done').message);
    expect(trims.every(({ because }) => because === 'provider')).toBe(true);
    const keys = asked.map(({ key }) => key).filter((key) => !key.includes('summary'));
    expect(keys).toEqual(['turn-11', 'turn-11-again-1', 'turn-11-again-2'].slice(0, keys.length));
    expect(keys.length).toBeGreaterThan(1);
    // It has learned: the next turn is not refused.
    const before = asked.length;
    await drive(fit(requestOf([...messages, ...turnOf(11, 'q'.repeat(300))]), 'turn-12'));
    expect(asked.slice(before).map(({ key }) => key)).toContain('turn-12');
    expect(asked.slice(before).map(({ key }) => key)).not.toContain('turn-12-again-1');
  });

  test('is asked a bounded number of times, and then its own error counts', async () => {
    const { ask, asked } = strict(0);
    const fit = fitted(ask, { model: modelOf(100_000), opening: 2, extra: '' }, context);
    await expect(drive(fit(requestOf(messages), 'turn-11'))).rejects.toBe(refusal);
    const again = asked.filter(({ key }) => !key.includes('summary'));
    expect(again.length).toBeLessThanOrEqual(4);
    const sizes = again.map(({ request }) => sizeOf(request));
    expect(sizes).toEqual([...sizes].sort((one, other) => other - one));
  });
});

test('far from its limit a conversation is not counted at all', async () => {
  let loads = 0;
  const loadCounter = async () => {
    loads++;
    return chars;
  };
  const { ask, main } = fit(undefined, { model: { ...modelOf(100_000), loadCounter } });
  await drive(ask(requestOf(opening), 'turn-1'));
  expect(loads).toBe(0);
  expect(main()[0]!.request.messages).toEqual(opening);
});

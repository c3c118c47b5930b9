/**
 * Recorded answers read twice: by `LLM` and by the clients that the vendors publish. Both get the same
 * bytes, and where they do not say the same, the difference is explained here or the test fails.
 *
 * The recordings' own expectations are not looked at. `REGATTA_RECORDINGS` names a folder with more
 * recordings (`public/`).
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { type Json, type JsonObject, parseJson } from '../base/json.ts';
import { createRuntime, isRegattaError, LLM } from '../index.ts';
import { readExchange, routeOf } from '../models/fixtures/drive.fixture.ts';
import { recordedFetch } from '../models/fixtures/recorded-fetch.fixture.ts';
import { type Exchange, readScenarios } from '../models/fixtures/recording.fixture.ts';

type Dialect = 'openai-chat' | 'openai-responses' | 'anthropic-messages';

/** What both say of an answer. */
interface Reading {
  readonly text: string;
  readonly toolCalls: readonly { readonly name: string; readonly args: Json | undefined }[];
  readonly finishReason: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Name of the error that was thrown instead of an answer. */
  readonly threw?: string;
}

type Field = keyof Reading;

interface Difference {
  readonly field: Field;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** Where the two say different things, and both are right in their own words. */
const EXPLAINED: readonly {
  readonly fields: readonly Field[];
  readonly applies: (exchange: Exchange, difference: Difference) => boolean;
  readonly why: string;
}[] = [
  {
    fields: ['toolCalls'],
    applies: ({ response }) => JSON.stringify(response.body).includes('"tool_search_call"'),
    why: 'A tool search with client execution waits for our answer, so it is a call; OpenAI has an item of its own for it.',
  },
];

const folder = process.env.REGATTA_RECORDINGS;
const scenarios = readScenarios(
  folder ? join(folder, 'public') : join(import.meta.dirname, '../models/fixtures/recordings'),
);
const READERS: Readonly<Record<Dialect, (exchange: Exchange) => Promise<Reading>>> = {
  'openai-chat': readChat,
  'openai-responses': readResponses,
  'anthropic-messages': readAnthropic,
};
const exchanges = [...scenarios.values()].flatMap(({ name, exchanges: all }) =>
  all.flatMap((exchange, index) => {
    const { kind, error } = exchange.expected;
    const isAnswer = kind === 'generation' && !error && Object.hasOwn(READERS, exchange.dialect);
    return isAnswer ? [{ name: `${name}#${index}`, exchange }] : [];
  }),
);

test.each(Object.keys(READERS))('there are recordings of %s', (dialect) => {
  expect(exchanges.some(({ exchange }) => exchange.dialect === dialect)).toBe(true);
});

describe.each(exchanges)('$name', ({ exchange }) => {
  test("LLM reads what the vendor's client reads", async () => {
    const ours = await orError(readOurs(exchange));
    const theirs = await orError(READERS[exchange.dialect as Dialect](exchange)); // filtered by it above
    expect(differences(ours, theirs).filter((difference) => !isExplained(exchange, difference))).toEqual([]);
  });
});

test('each explanation is still needed', () => {
  // The committed recordings are few, and do not show them all.
  if (folder) expect(EXPLAINED.filter(({ why }) => !used.has(why))).toEqual([]);
});

const used = new Set<string>();

function isExplained(exchange: Exchange, difference: Difference): boolean {
  const explanation = EXPLAINED.find(
    ({ fields, applies }) => fields.includes(difference.field) && applies(exchange, difference),
  );
  if (explanation) used.add(explanation.why);
  return explanation !== undefined;
}

function differences(ours: Reading, theirs: Reading): readonly Difference[] {
  if (ours.threw !== undefined || theirs.threw !== undefined)
    return [{ field: 'threw', ours: ours.threw, theirs: theirs.threw }];
  const fields: readonly Field[] = ['text', 'toolCalls', 'finishReason', 'inputTokens', 'outputTokens'];
  return fields
    .filter((field) => !isDeepStrictEqual(ours[field], theirs[field]))
    .map((field) => ({ field, ours: ours[field], theirs: theirs[field] }));
}

async function orError(reading: Promise<Reading>): Promise<Reading> {
  try {
    return await reading;
  } catch (error) {
    const threw = isRegattaError(error) ? error.code : String(error);
    return { text: '', toolCalls: [], finishReason: null, inputTokens: null, outputTokens: null, threw };
  }
}

async function readOurs(exchange: Exchange): Promise<Reading> {
  const { name, api, path, env = {} } = routeOf(exchange);
  const { modelId, messages, tools } = readExchange(exchange);
  const llm = new LLM({
    model: `${name}/${modelId}`,
    baseURL: `http://127.0.0.1:1${path}`,
    apiKey: 'test-key',
    retry: { maxAttempts: 1, minDelayMs: 0, maxDelayMs: 0 },
    fetch: recordedFetch([exchange]),
    ...(api ? { api } : {}),
  });
  const offered = tools.map((tool) => ({
    ...tool,
    timeoutMs: 1_000,
    maxUses: undefined,
    parse: async (value: unknown) => ({ isValid: true, value }) as const,
    execute: () => 'never',
  }));
  const { stream } = exchange.expected;
  const run = llm.start(messages, { tools: offered, stream, runtime: createRuntime({ env }) });
  const { text, message, finishReason } = await run.result;
  const { inputTokens, outputTokens } = run.ledger[0]!.usage;
  return {
    text,
    toolCalls: message.content.flatMap((part) =>
      part.type === 'tool-call' ? [{ name: part.tool, args: part.args }] : [],
    ),
    finishReason,
    inputTokens,
    outputTokens,
  };
}

/** Without retries: an answer that a client refuses is to be seen, not asked for again. */
function clientOptions(exchange: Exchange) {
  return {
    apiKey: 'test-key',
    baseURL: 'http://127.0.0.1:1/v1',
    maxRetries: 0,
    fetch: recordedFetch([exchange]),
  };
}

const CHAT_FINISH: Readonly<Record<string, string>> = {
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
};

async function readChat(exchange: Exchange): Promise<Reading> {
  const { completions } = new OpenAI(clientOptions(exchange)).chat;
  const body = bodyOf<OpenAI.ChatCompletionCreateParamsNonStreaming>(exchange);
  const { choices, usage } = exchange.expected.stream
    ? await completions.stream({ ...body, stream: true }).finalChatCompletion()
    : await completions.create(body);
  const { message, finish_reason } = choices[0]!;
  return {
    text: message.content ?? '',
    toolCalls: (message.tool_calls ?? []).map((call) => {
      if (call.type !== 'function') throw new Error(`A call of type ${call.type} is not read here.`);
      return { name: call.function.name, args: parseJson(call.function.arguments) };
    }),
    // Typed as always there, but hosts of the same dialect leave it out.
    finishReason: CHAT_FINISH[finish_reason] ?? finish_reason ?? null,
    inputTokens: usage?.prompt_tokens ?? null,
    outputTokens: usage?.completion_tokens ?? null,
  };
}

async function readResponses(exchange: Exchange): Promise<Reading> {
  const { responses } = new OpenAI(clientOptions(exchange));
  const body = bodyOf<OpenAI.Responses.ResponseCreateParamsNonStreaming>(exchange);
  const { output, output_text, usage, incomplete_details } = exchange.expected.stream
    ? await responses.stream({ ...body, stream: true }).finalResponse()
    : await responses.create(body);
  const toolCalls = output.flatMap((item) =>
    item.type === 'function_call' ? [{ name: item.name, args: parseJson(item.arguments) }] : [],
  );
  const cut = incomplete_details?.reason === 'max_output_tokens' ? 'length' : 'content-filter';
  const whole = toolCalls.length > 0 ? 'tool-calls' : 'stop';
  return {
    text: output_text,
    toolCalls,
    finishReason: incomplete_details?.reason ? cut : whole,
    inputTokens: usage?.input_tokens ?? null,
    outputTokens: usage?.output_tokens ?? null,
  };
}

const ANTHROPIC_FINISH: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'pause',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content-filter',
};

async function readAnthropic(exchange: Exchange): Promise<Reading> {
  const { messages } = new Anthropic(clientOptions(exchange));
  const body = bodyOf<Anthropic.MessageCreateParamsNonStreaming>(exchange);
  const { content, stop_reason, usage } = exchange.expected.stream
    ? await messages.stream(body).finalMessage()
    : await messages.create(body);
  const { input_tokens, cache_read_input_tokens: read, cache_creation_input_tokens: written } = usage;
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    toolCalls: content.flatMap(
      (block) => (block.type === 'tool_use' ? [{ name: block.name, args: block.input as Json }] : []), // parsed from JSON
    ),
    finishReason: stop_reason === null ? null : (ANTHROPIC_FINISH[stop_reason] ?? stop_reason),
    // Anthropic counts the cached part apart from the rest of the prompt.
    inputTokens: input_tokens + (read ?? 0) + (written ?? 0),
    outputTokens: usage.output_tokens,
  };
}

/** As it was sent. A recorded body is not checked against the client's types; the answer is what counts. */
function bodyOf<Body>({ request: { body } }: Exchange): Body {
  const { stream: _, ...rest } = body satisfies JsonObject;
  return rest as Body;
}

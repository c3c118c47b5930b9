/**
 * Our calls of LiteLLM callbacks against what LiteLLM itself calls them with. Each golden file says
 * where it is from.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { EmbedEnd, EventBody } from '../../protocol/event.ts';
import { NO_USAGE } from '../../protocol/usage.ts';
import { adaptLiteLLM, litellmFunction } from './adapt.ts';
import { callEvents, endOf, FAILED, HELLO, startOf, UNAUTHORIZED, USAGE } from './events.fixture.ts';
import type { CallKwargs } from './kwargs.ts';

type Values = Readonly<Record<string, unknown>>;

interface GoldenArg {
  readonly kind: 'kwargs' | 'messages' | 'text' | 'response' | 'embeddings' | 'chunk' | 'date' | 'null';
  readonly value?: unknown;
  readonly keys?: readonly string[];
  readonly values?: Values;
  readonly standard_logging_object?: {
    readonly keys: readonly string[];
    readonly metadataKeys: readonly string[];
    readonly hiddenParamKeys: readonly string[];
    readonly values: Values;
  };
}
interface Golden {
  readonly source: { readonly release: string };
  readonly chunks?: readonly Values[];
  readonly calls: readonly { readonly method: string; readonly args: readonly GoldenArg[] }[];
}

function read<T = Golden>(name: string): T {
  return JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8')) as T;
}
const leftOut = Object.keys(read<{ readonly keys: Values }>('left-out').keys);

type Heard = readonly [method: string, args: readonly unknown[]];

/** A logger with all methods of `CustomLogger`, both twins included, under their Python names. */
async function hear(bodies: readonly EventBody[]): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  const names = [
    'log_pre_api_call',
    'log_post_api_call',
    'log_stream_event',
    'log_success_event',
    'log_failure_event',
  ];
  const logger: Record<string, unknown> = {};
  for (const name of names) {
    logger[name] = (...args: unknown[]) => void heard.push([name, args]);
    // LiteLLM calls these two before it waits for anything, so its async twins of them are never used.
    if (name === 'log_pre_api_call' || name === 'log_post_api_call' || name === 'log_stream_event') continue;
    logger[`async_${name}`] = async (...args: unknown[]) => void heard.push([`async_${name}`, args]);
  }
  const adapted = adaptLiteLLM(logger)!;
  for (const event of callEvents(bodies)) await adapted.observe(event);
  return heard;
}

function expectArg(given: unknown, { kind, ...golden }: GoldenArg): void {
  if (kind === 'null') expect(given).toBeNull();
  else if (kind === 'date') expect(given).toBeInstanceOf(Date);
  else if (kind === 'text' || kind === 'messages' || kind === 'embeddings')
    expect(given).toEqual(golden.value);
  else if (kind === 'response') expect(toComparable(given)).toEqual(golden.value);
  else if (kind === 'kwargs') expectKwargs(given as CallKwargs, golden);
}

function expectKwargs(kwargs: CallKwargs, golden: Omit<GoldenArg, 'kind'>): void {
  const keys = golden.keys!.filter((key) => !leftOut.includes(key));
  expect(Object.keys(kwargs).sort()).toEqual(keys.toSorted());
  const { original_response, cache_hit, ...values } = golden.values!;
  expect(kwargs).toMatchObject(values);
  // LiteLLM says null where it had no cache to look into.
  if (cache_hit !== undefined) expect(kwargs.cache_hit).toBe(cache_hit === true);
  if (original_response !== undefined)
    expect(kwargs.original_response).toEqual(original_response === null ? null : expect.any(String));
  const payload = kwargs.standard_logging_object;
  const standard = golden.standard_logging_object;
  expect(payload === undefined).toBe(standard === undefined);
  if (!payload || !standard) return;
  expect(Object.keys(payload).sort()).toEqual([...standard.keys, 'litellm_call_id'].sort());
  expect(Object.keys(payload.metadata).sort()).toEqual([...standard.metadataKeys].sort());
  expect(Object.keys(payload.hidden_params).sort()).toEqual([...standard.hiddenParamKeys].sort());
  expect(payload).toMatchObject({ ...standard.values, cache_hit: standard.values.cache_hit === true });
}

interface WireResponse {
  readonly object: string;
  readonly choices: readonly { readonly message: Values }[];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
    readonly completion_tokens_details: { readonly reasoning_tokens: number };
  };
}
function toComparable(response: unknown) {
  const { object, choices, usage } = response as WireResponse;
  const { prompt_tokens_details, completion_tokens_details, ...totals } = usage;
  return {
    object,
    choices,
    usage: totals,
    ...{ cached_tokens: prompt_tokens_details.cached_tokens },
    ...completion_tokens_details,
  };
}

const call = { type: 'tool-call', callId: 'call_1', tool: 'weather', args: { city: 'Oslo' } } as const;
const delta = { type: 'model.delta', attempt: 1, kind: 'text', tool: null } as const;
const retry = {
  type: 'model.retry',
  model: 'openai/gpt-5.4-mini',
  attempt: 1,
  delayMs: 0,
  error: { code: 'model/failed', message: 'boom', details: null },
} as const;

const scenarios: Readonly<Record<string, readonly EventBody[]>> = {
  success: [startOf('hi', { parameters: { temperature: 0.2, maxTokens: 50 } }), HELLO],
  failure: [startOf('FAIL', { parameters: { temperature: 0.2 } }), FAILED],
  retry: [startOf('RETRY'), retry, { ...HELLO, attempts: 2 }],
  'tool-calls': [startOf('TOOL', { tools: ['weather'] }), endOf([call], 'tool-calls')],
};

test.each(Object.keys(scenarios))(
  '%s: methods, arguments in order, keys and values are those of LiteLLM',
  async (name) => {
    const golden = read(name);
    const heard = await hear(scenarios[name]!);
    expect(heard.map(([method]) => method)).toEqual(golden.calls.map(({ method }) => method));
    for (const [index, { args }] of golden.calls.entries()) {
      const given = heard[index]![1];
      expect(given.length).toBe(args.length);
      if (name === 'tool-calls') {
        // Events name the tools of a call; their schemas are in the definitions.
        const kwargs = args.find(({ kind }) => kind === 'kwargs')!;
        (kwargs.values as { optional_params: unknown }).optional_params = {
          tools: [{ type: 'function', function: { name: 'weather' } }],
        };
      }
      for (const [place, arg] of args.entries()) expectArg(given[place], arg);
    }
  },
);

test('stream: every piece once, then the whole answer once', async () => {
  const golden = read('stream');
  const heard = await hear([
    startOf('hi', { stream: true }),
    { ...delta, text: 'Hel' },
    { ...delta, text: 'lo' },
    HELLO,
  ]);
  const [pre, piece, post, success] = golden.calls;
  expect(heard.map(([method]) => method)).toEqual(
    [pre!, piece!, piece!, post!, success!].map(({ method }) => method),
  );
  expect([heard[1], heard[2]].map((call) => call![1][1] as Values)).toMatchObject(golden.chunks!);
  for (const [index, { args }] of [pre!, piece!, piece!, post!, success!].entries()) {
    const given = heard[index]![1];
    expect(given.length).toBe(args.length);
    const place = args.findIndex(({ kind }) => kind === 'kwargs');
    const kwargs = args[place]!;
    const isEarly = index < 3;
    const expected = args.with(place, {
      ...kwargs,
      // Of a stream LiteLLM has no text here but an object that is still to be read, and that early;
      // and it tells of the answer before it is there, so without a duration.
      keys: [
        ...kwargs.keys!.filter((key) => !(isEarly && key === 'original_response')),
        ...(index === 3 ? ['llm_api_duration_ms', 'api_call_start_time'] : []),
      ],
      // The sync completion() writes its own call type.
      values: { ...kwargs.values, call_type: 'acompletion', original_response: isEarly ? undefined : '' },
    });
    for (const [at, arg] of expected.entries()) expectArg(given[at], arg);
  }
});

test('plain functions get (kwargs) for input and (kwargs, response, start, end) at the end', async () => {
  const [input, success, failure] = read('functions').calls;
  const heard: unknown[][] = [];
  const fn = (...args: unknown[]): unknown => heard.push(args);
  const adapted = litellmFunction(fn, ['input', 'success', 'failure']);
  for (const event of callEvents([startOf('hi'), HELLO])) await adapted.observe(event);
  for (const event of callEvents([startOf('FAIL'), FAILED])) await adapted.observe(event);
  expect(heard.map(({ length }) => length)).toEqual([1, 4, 1, 4]);
  for (const [place, arg] of success!.args.entries()) expectArg(heard[1]![place], arg);
  expectArg(heard[2]![0], input!.args[0]!);
  for (const [place, arg] of failure!.args.entries()) expectArg(heard[3]![place], arg);
});

const SAVED = { usage: USAGE, costUsd: HELLO.costUsd };
const CACHED: EventBody = {
  ...HELLO,
  usage: { ...USAGE, inputTokens: 0, outputTokens: 0 },
  costUsd: 0,
  attempts: 0,
  saved: SAVED,
};

test('an answer from a cache: its end alone, with a hit, what it saved, and the usage of when it was made', async () => {
  const [success] = read('cached').calls;
  const heard = await hear([startOf('hi'), CACHED]);
  // We tell of a call before we know that a cache answers it.
  expect(heard.map(([method]) => method)).toEqual(['log_pre_api_call', success!.method]);
  const [kwargs, response] = success!.args;
  const given = heard[1]![1];
  expectArg(given[0], { ...kwargs!, keys: [...kwargs!.keys!, 'api_call_start_time'] });
  expectArg(given[1], response!);
  const functions: unknown[][] = [];
  const adapted = litellmFunction((...args: unknown[]) => functions.push(args), 'success');
  for (const event of callEvents([startOf('hi'), CACHED])) await adapted.observe(event);
  expect(functions[0]![0]).toMatchObject({ cache_hit: true, response_cost: 0 });
});

const EMBEDDING = 'openai/text-embedding-3-small';
const EMBEDDED: EmbedEnd = {
  type: 'embed.end',
  model: EMBEDDING,
  texts: 2,
  dimensions: 3,
  usage: { ...NO_USAGE, inputTokens: 12, outputTokens: 0 },
  costUsd: 2.4000000000000003e-7,
  attempts: 1,
  error: null,
};
const embedStart = (texts: number): EventBody => ({ type: 'embed.start', model: EMBEDDING, texts });

/** As a golden file would be if LiteLLM knew no more of texts and vectors than our events do. */
function withoutTexts({ kind, ...golden }: GoldenArg): GoldenArg {
  if (kind === 'messages') return { kind, value: [] };
  if (kind === 'embeddings') return { kind, value: { ...(golden.value as Values), data: [] } };
  if (kind !== 'kwargs') return { kind, ...golden };
  const standard = golden.standard_logging_object;
  // encoding_format is how LiteLLM asks, and not what is asked.
  const values = { ...golden.values, messages: [], input: [], optional_params: {} };
  return {
    kind,
    ...golden,
    values,
    ...(standard
      ? { standard_logging_object: { ...standard, values: { ...standard.values, messages: [] } } }
      : {}),
  };
}

test('embeddings: methods, arguments in order, keys and values are those of LiteLLM, without texts', async () => {
  const { calls } = read('embedding');
  const heard = await hear([embedStart(2), EMBEDDED]);
  expect(heard.map(([method]) => method)).toEqual(calls.map(({ method }) => method));
  for (const [index, { args }] of calls.entries()) {
    for (const [place, arg] of args.entries()) expectArg(heard[index]![1][place], withoutTexts(arg));
  }
  expect((heard[0]![1][2] as CallKwargs).litellm_params).toMatchObject({ aembedding: true });
});

test('embeddings from a cache: their end alone, with a hit and what it saved', async () => {
  const [success] = read('embedding-cached').calls;
  const saved = { usage: { ...NO_USAGE, inputTokens: 2, outputTokens: 0 }, costUsd: 4e-8 };
  const usage = { ...NO_USAGE, inputTokens: 0, outputTokens: 0 };
  const heard = await hear([embedStart(1), { ...EMBEDDED, texts: 1, usage, costUsd: 0, attempts: 0, saved }]);
  expect(heard.map(([method]) => method)).toEqual(['log_pre_api_call', success!.method]);
  const [kwargs, response] = success!.args.map(withoutTexts);
  const known = { custom_llm_provider: 'openai' }; // LiteLLM has forgotten it
  const standard = kwargs!.standard_logging_object!;
  expectArg(heard[1]![1][0], {
    ...kwargs!,
    keys: [...kwargs!.keys!, 'api_call_start_time'],
    values: { ...kwargs!.values, ...known },
    standard_logging_object: { ...standard, values: { ...standard.values, ...known } },
  });
  expectArg(heard[1]![1][1], response!);
});

test('embeddings that fail: one failure with its error, and no answer', async () => {
  const [pre, , failure] = read('embedding-failure').calls;
  const [kwargs] = failure!.args.map(withoutTexts);
  const { error_str: message } = kwargs!.standard_logging_object!.values;
  const error = { ...UNAUTHORIZED, message: String(message) };
  const heard = await hear([
    embedStart(1),
    { ...EMBEDDED, texts: 1, dimensions: null, usage: NO_USAGE, costUsd: null, error },
  ]);
  expect(heard.map(([method]) => method)).toEqual([pre!.method, failure!.method]);
  // LiteLLM puts the error's text where the answer would be; for chat it does not, and we never do.
  expectArg(heard[1]![1][0], { ...kwargs!, values: { ...kwargs!.values, original_response: null } });
});

test('every key that is left out has a reason, and is one that LiteLLM gives', () => {
  const { keys } = read<{ readonly keys: Readonly<Record<string, string>> }>('left-out');
  const given = new Set(
    ['success', 'failure', 'retry', 'stream', 'tool-calls', 'functions'].flatMap((name) =>
      read(name).calls.flatMap(({ args }) => args.flatMap(({ keys = [] }) => keys)),
    ),
  );
  for (const [key, reason] of Object.entries(keys)) {
    expect(given.has(key), key).toBe(true);
    expect(reason.length).toBeGreaterThan(5);
  }
});

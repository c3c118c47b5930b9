/**
 * Recorded traffic through `LLM`: however a stream is cut, whenever it is left, whatever error it is.
 *
 * `REGATTA_RECORDINGS` names a folder with more recordings (`public/`).
 */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CallPart,
  createRuntime,
  isRegattaError,
  LLM,
  type LlmOptions,
  type RunEvent,
} from '../index.ts';
import { readExchange, routeOf } from '../models/fixtures/drive.fixture.ts';
import { byEvent, bytesOf, cutAt, recordedFetch } from '../models/fixtures/recorded-fetch.fixture.ts';
import { DIALECTS } from '../models/fixtures/recorded-request.fixture.ts';
import { type Exchange, readScenarios } from '../models/fixtures/recording.fixture.ts';
import { checkTrace } from '../testing/index.ts';
import { settle } from '../testing/marked.fixture.ts';

const folder = process.env.REGATTA_RECORDINGS;
const scenarios = readScenarios(
  folder ? join(folder, 'public') : join(import.meta.dirname, '../models/fixtures/recordings'),
);
const STREAMS = ['sse', 'aws-eventstream'];
const exchanges = [...scenarios.values()].flatMap(({ name, exchanges: all }) =>
  all.flatMap((exchange, index) =>
    DIALECTS.includes(exchange.dialect) ? [{ name: `${name}#${index}`, exchange }] : [],
  ),
);
const streams = exchanges.filter(({ exchange: { response } }) => STREAMS.includes(response.bodyType));
const errors = exchanges.filter(({ exchange: { expected } }) => expected.error);

function llmOf(exchange: Exchange, fetch: typeof globalThis.fetch, options: Partial<LlmOptions> = {}): LLM {
  const { name, api, path } = routeOf(exchange);
  const { modelId } = readExchange(exchange);
  const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 1 };
  const retry = { maxAttempts: 1, minDelayMs: 0, maxDelayMs: 0 };
  const place = { baseURL: `http://127.0.0.1:1${path}`, apiKey: 'test-key', ...(api ? { api } : {}) };
  return new LLM({ model: `${name}/${modelId}`, ...place, price, retry, fetch, ...options });
}

function question(exchange: Exchange) {
  const { messages, tools } = readExchange(exchange);
  const offered = tools.map((tool) => ({
    ...tool,
    timeoutMs: 1_000,
    maxUses: undefined,
    parse: async (value: unknown) => ({ isValid: true, value }) as const,
    execute: () => 'never',
  }));
  const runtime = createRuntime({ env: routeOf(exchange).env ?? {} });
  return { messages, options: { tools: offered, runtime } };
}

/** What does not depend on when it was asked. */
async function read(llm: LLM, exchange: Exchange): Promise<unknown> {
  const { messages, options } = question(exchange);
  const stream = llm.stream(messages, options);
  const parts: CallPart[] = [];
  try {
    for await (const part of stream) parts.push(part);
    const { runId: _, report, ...result } = await stream.result;
    const ledger = stream.run.ledger.map(({ usage, source }) => ({ usage, source }));
    return withoutIds({ ...result, joined: joinPieces(parts), ledger, costUsd: report.costUsd });
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    return { code: error.code, details: error.details };
  }
}

/** Gemini gives its calls no ids, so they are made up. */
function withoutIds(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner) => (key === 'callId' ? '' : inner)));
}

/** The pieces of each kind, joined: where they were cut is chance. */
function joinPieces(parts: readonly CallPart[]): Readonly<Record<string, string>> {
  const joined: Record<string, string> = {};
  for (const part of parts)
    if (part.type !== 'retry') joined[part.type] = (joined[part.type] ?? '') + part.text;
  return joined;
}

describe.each(streams)('$name', ({ exchange }) => {
  test('any split of the stream gives the same answer and the same usage', { timeout: 120_000 }, async () => {
    const bytes = bytesOf(exchange);
    const whole = await read(llmOf(exchange, recordedFetch([exchange])), exchange);
    const splits = fc.array(fc.integer({ min: 1, max: bytes.length }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(splits, async (places) => {
        const fetch = recordedFetch([exchange], { split: (all) => cutAt(all, places) });
        expect(await read(llmOf(exchange, fetch), exchange)).toEqual(whole);
      }),
      { numRuns: 12 },
    );
    const inside = Array.from({ length: bytes.length }, (_, at) => at).filter(
      (at) => (bytes[at]! & 0xc0) === 0x80,
    );
    const fetch = recordedFetch([exchange], { split: (all) => cutAt(all, inside) });
    expect(await read(llmOf(exchange, fetch), exchange)).toEqual(whole);
  });

  test('left after any of its events it has one end, and its usage is an estimate', {
    timeout: 120_000,
  }, async () => {
    const count = byEvent(bytesOf(exchange)).length;
    // After each one of those in the repository; the streams of the full set are long.
    const stride = folder === undefined ? 1 : Math.max(1, Math.floor(count / 40));
    let last = 0;
    for (let at = 0; at < count; at += stride) {
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      const before = (piece: number): void | Promise<void> => {
        if (piece < at) return undefined;
        reach();
        return new Promise(() => undefined);
      };
      const { messages, options } = question(exchange);
      const events: RunEvent[] = [];
      const stream = llmOf(exchange, recordedFetch([exchange], { split: byEvent, before })).stream(messages, {
        ...options,
        callbacks: [(event) => events.push(event)],
      });
      await reached;
      await settle();
      stream.cancel('left');
      await expect(stream.result).rejects.toMatchObject({ code: 'run/cancelled' });
      const { ledger } = stream.run;
      const audit = await stream.run.flush();
      expect(checkTrace(events, { ledger, audit })).toEqual([]);
      expect(events.filter(({ type }) => type === 'model.end')).toHaveLength(1);
      expect(ledger).toMatchObject([{ status: 'aborted', source: 'estimated' }]);
      const { inputTokens, outputTokens } = ledger[0]!.usage;
      expect(inputTokens).toBeGreaterThan(0);
      expect(outputTokens).toBeGreaterThanOrEqual(last); // the later it is left, the more there was
      last = outputTokens ?? 0;
    }
  });
});

const CODES: Readonly<Record<string, string>> = {
  authentication: 'model/authentication',
  rate_limit: 'model/rate-limit',
  quota: 'model/quota',
  not_found: 'model/not-found',
  context_length: 'model/context-length',
  content_filter: 'model/content-filter',
  invalid_request: 'model/invalid-request',
  server_error: 'model/failed',
  overloaded: 'model/overloaded',
};

test.each(errors)('$name ends in its code', async ({ exchange }) => {
  const { messages, options } = question(exchange);
  const { error, stream } = exchange.expected;
  const run = llmOf(exchange, recordedFetch([exchange])).start(messages, { ...options, stream });
  await expect(run.result).rejects.toMatchObject({
    code: CODES[error!.class],
    details: { retryable: error!.retryable },
  });
  expect(run.ledger).toHaveLength(1);
});

test('a model that refuses stop sequences is asked again without, as it was recorded', async () => {
  const recorded = scenarios.get('openai.call-when-stop-is-unsupported')!.exchanges;
  const sent: Record<string, unknown>[] = [];
  const play = recordedFetch([...recorded, recorded[1]!]);
  const fetch: typeof globalThis.fetch = async (input, init) => {
    sent.push(JSON.parse(String(init?.body)));
    return await play(input, init);
  };
  const llm = llmOf(recorded[0]!, fetch, { stop: ['Paris'] });
  const first = await llm.call('What is the capital of France?');
  expect(first).toMatchObject({ text: 'The capital of France is **', attempts: 2, finishReason: 'stop' });
  expect((await llm.call('What is the capital of France?')).attempts).toBe(1);
  expect(sent.map(({ stop }) => stop)).toEqual([['Paris'], undefined, undefined]);
});

test('a call that was turned away is made again when the provider says, as it was recorded', async () => {
  const recorded = scenarios.get('openai.err-429-then-ok')!.exchanges;
  const retry = { maxAttempts: 2, minDelayMs: 0, maxDelayMs: 0 };
  const run = llmOf(recorded[0]!, recordedFetch(recorded), { retry }).start('Say hello.');
  expect(await run.result).toMatchObject({ text: recorded[1]!.expected.text, attempts: 2 });
  expect(run.ledger).toMatchObject([
    { status: 'failed', source: 'none', costNanoUsd: 0 },
    { status: 'succeeded', source: 'provider' },
  ]);
});

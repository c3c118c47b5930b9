import { expect, test } from 'vitest';
import { RegattaError } from '../base/errors.ts';
import { createRuntime, Embedder, type EmbedderPort } from '../index.ts';
import type { RunEvent } from '../protocol/event.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { checkTrace, createGate, createManualClock } from '../testing/index.ts';

const PRICE = { inputUsdPerMillion: 1, outputUsdPerMillion: 0 };

/** Gives each text its length as a vector of one. `fail` may throw for the n-th request, from 1. */
function lengths(fail: (request: number) => void = () => undefined, maxTexts = 2) {
  const asked: (readonly string[])[] = [];
  const port: EmbedderPort = {
    id: 'fake/embed',
    maxTexts,
    price: PRICE,
    async embed(texts) {
      asked.push(texts);
      fail(asked.length);
      // Later requests answer first.
      await new Promise((resolve) => setTimeout(resolve, 20 - asked.length));
      return {
        vectors: texts.map((text) => [text.length]),
        usage: { ...NO_USAGE, inputTokens: texts.length, outputTokens: 0 },
        modelId: 'embed-1',
      };
    },
  };
  return { port, asked };
}

function overloaded(retryAfterMs: number | null = null): RegattaError {
  const details = { model: 'fake/embed', status: 503, retryable: true, retryAfterMs, providerCode: null };
  return new RegattaError('model/overloaded', 'Overloaded. Try again.', details);
}

const words = (count: number): string[] => Array.from({ length: count }, (_, index) => 'x'.repeat(index + 1));
const fast = { minDelayMs: 0, maxDelayMs: 0 };

test('any number of texts comes back in its order, in requests of as many as the provider takes', async () => {
  const { port, asked } = lengths();
  const run = new Embedder({ model: port }).start(words(9));
  const { vectors, dimensions, report } = await run.result;
  expect(vectors).toEqual(words(9).map(({ length }) => [length]));
  expect(dimensions).toBe(1);
  expect(asked.map(({ length }) => length)).toEqual([2, 2, 2, 2, 1]);
  expect(report).toMatchObject({ calls: 5, attempts: 5, inputTokens: 9, outputTokens: 0, costUsd: 9e-6 });
  const events = await Array.fromAsync(run.events());
  expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
  const ends = events.filter((event) => event.type === 'embed.end');
  expect(ends).toHaveLength(5);
  expect(ends[0]).toMatchObject({ model: 'fake/embed', texts: 2, dimensions: 1, attempts: 1, error: null });
  expect(events.at(-1)).toMatchObject({ type: 'run.end', output: { vectors: 9, dimensions: 1 } });
});

test('no more than four requests are at work at once', async () => {
  let [now, most] = [0, 0];
  const port: EmbedderPort = {
    id: 'fake/embed',
    maxTexts: 1,
    async embed() {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now--;
      return { vectors: [[1]], usage: NO_USAGE, modelId: null };
    },
  };
  const { report } = await new Embedder({ model: port }).embed(words(20));
  expect(most).toBe(4);
  expect(report.costUsd).toBeNull(); // the provider did not say how many tokens, and no price is known
});

test('what fails for a while is tried again, and each attempt is one entry of the ledger', async () => {
  const { port } = lengths((request) => {
    if (request <= 2) throw overloaded();
  });
  const run = new Embedder({ model: port, retry: fast }).start(['a', 'b']);
  await run.result;
  expect(
    run.ledger.map(({ attemptId, status, costNanoUsd }) => [attemptId.slice(-2), status, costNanoUsd]),
  ).toEqual([
    ['#1', 'failed', 0],
    ['#2', 'failed', 0],
    ['#3', 'succeeded', 2000],
  ]);
  const events = await Array.fromAsync(run.events());
  expect(events.find(({ type }) => type === 'embed.end')).toMatchObject({ attempts: 3, error: null });
});

test('it waits as long as the provider asks', async () => {
  const clock = createManualClock();
  const { port, asked } = lengths((request) => {
    if (request === 1) throw overloaded(5000);
  });
  const run = new Embedder({ model: port }).start('a', { runtime: createRuntime({ clock }) });
  await expect.poll(() => clock.timers).toBe(1);
  expect(asked).toHaveLength(1);
  await clock.advance(4999);
  expect(clock.timers).toBe(1);
  await clock.advance(1);
  await run.result;
  expect(asked).toHaveLength(2);
});

test('the first failure ends the call, once what went on beside it has ended', async () => {
  const gate = createGate();
  const port: EmbedderPort = {
    id: 'fake/embed',
    maxTexts: 1,
    async embed([text], { signal }) {
      if (text !== 'bad')
        return await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      await gate.pass();
      throw new RegattaError('model/invalid-request', 'No. Mend it.', {
        model: 'fake/embed',
        status: 400,
        retryable: false,
        retryAfterMs: null,
        providerCode: null,
      });
    },
  };
  const run = new Embedder({ model: port }).start(['good', 'bad', 'good', 'never']);
  await gate.reached;
  gate.open();
  await expect(run.result).rejects.toMatchObject({ code: 'model/invalid-request' });
  const events = await Array.fromAsync(run.events());
  expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
  expect(run.ledger.map(({ status, source }) => `${status} ${source}`).sort()).toEqual([
    'aborted estimated',
    'aborted estimated',
    'aborted estimated',
    'failed none',
  ]);
});

test('who cancels is free at once, and what was under way is billed as an estimate', async () => {
  const port: EmbedderPort = { id: 'fake/embed', price: PRICE, embed: () => new Promise(() => undefined) };
  const run = new Embedder({ model: port }).start('four');
  await expect.poll(() => run.audit().openAttempts).toBe(1);
  run.cancel('enough');
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  expect(run.ledger).toMatchObject([{ status: 'aborted', source: 'estimated', costNanoUsd: 1000 }]);
  expect(checkTrace(await Array.fromAsync(run.events()), { ledger: run.ledger })).toEqual([]);
});

test('an attempt that takes too long is ended', async () => {
  const port: EmbedderPort = { id: 'fake/embed', embed: () => new Promise(() => undefined) };
  const embedder = new Embedder({ model: port, timeoutMs: 5, retry: { ...fast, maxAttempts: 2 } });
  const run = embedder.start('a');
  await expect(run.result).rejects.toMatchObject({ code: 'model/timeout' });
  expect(run.ledger).toHaveLength(2);
});

test('budgets hold for embeddings as well', async () => {
  const { port } = lengths();
  const runtime = createRuntime({ budget: { calls: 2 } });
  const embedder = new Embedder({ model: port });
  await embedder.embed(words(4), { runtime });
  await expect(embedder.embed('a', { runtime })).rejects.toMatchObject({ code: 'budget/exceeded' });
});

test('the price that is known of a model is its price, and the embedder says its own', async () => {
  const answer = { data: [{ index: 0, embedding: [1] }], usage: { prompt_tokens: 1_000_000 } };
  const fetch: typeof globalThis.fetch = async () => Response.json(answer);
  const known = new Embedder({ model: 'openai/text-embedding-3-small', apiKey: 'k', fetch });
  expect((await known.embed('a')).report.costUsd).toBe(0.02);
  const own = new Embedder({ model: 'openai/text-embedding-3-small', apiKey: 'k', fetch, price: PRICE });
  expect((await own.embed('a')).report.costUsd).toBe(1);
  const unknown = new Embedder({ model: 'openai/text-embedding-9', apiKey: 'k', fetch });
  expect((await unknown.embed('a')).report.costUsd).toBeNull();
});

test('who rehearses gets vectors that are always the same, near each other where texts share words', async () => {
  const runtime = createRuntime({ rehearse: true });
  const embedder = new Embedder({ model: 'openai/text-embedding-3-small' });
  const texts = ['The boat wins the race', 'the race was won by a boat', 'Cooking rice with saffron'];
  const { vectors, report, dimensions } = await embedder.embed(texts, { runtime });
  expect(dimensions).toBe(256);
  expect(report.costUsd).toBe(0);
  expect((await embedder.embed(texts, { runtime })).vectors).toEqual(vectors);
  const [a = [], b = [], c = []] = vectors;
  const near = (one: readonly number[], other: readonly number[]): number =>
    one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
  expect(near(a, a)).toBeCloseTo(1);
  expect(near(a, b)).toBeGreaterThan(near(a, c) + 0.2);
  const short = new Embedder({ model: 'rehearsal/any', dimensions: 8 });
  expect((await short.embed('a')).dimensions).toBe(8);
});

test('callbacks of the embedder and of the call hear it, and no text is in its events', async () => {
  const heard: RunEvent[] = [];
  const { port } = lengths();
  const run = new Embedder({ model: port, callbacks: [(event) => heard.push(event)] }).start('secret words');
  await run.result;
  await run.flush();
  expect(heard.map(({ type }) => type)).toEqual(['run.start', 'embed.start', 'embed.end', 'run.end']);
  expect(JSON.stringify(heard)).not.toContain('secret');
});

test('what is wrong is named before anything is asked', () => {
  expect(() => new Embedder({ model: 'text-embedding' })).toThrow(/provider\/model/);
  expect(() => new Embedder({ model: 'openai/x', dimensions: 0, maxTexts: 0 })).toThrow(
    /dimensions(.|\n)*maxTexts/,
  );
  expect(() => new Embedder({ model: 'openai/x' }).start(['a', ''])).toThrow(/texts\[1\]/);
});

test('a provider without embeddings is named, with those that have them', async () => {
  await expect(new Embedder({ model: 'anthropic/x', apiKey: 'k' }).embed('a')).rejects.toMatchObject({
    code: 'llm/no-embeddings',
    details: { provider: 'anthropic', known: expect.arrayContaining(['openai', 'ollama', 'bedrock']) },
  });
  await expect(new Embedder({ model: {} }).embed('a')).rejects.toMatchObject({ code: 'llm/bad-model' });
});

test('no texts are no requests', async () => {
  expect(await new Embedder({ model: lengths().port }).embed([])).toMatchObject({
    vectors: [],
    dimensions: null,
  });
});

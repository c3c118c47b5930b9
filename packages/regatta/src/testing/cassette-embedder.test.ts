import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCore } from '../api/core.ts';
import { Embedder, type EmbedderOptions, type EmbedderPort, memoryCache } from '../index.ts';
import { failure } from '../model/failures.fixture.ts';
import type { EmbedderProviders, Providers } from '../ports/provider.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { cassette, checkTrace } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regatta-cassette-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const file = () => join(folder, 'tape.json');

/** Numbers that JSON must keep to the last bit, other ones for each request. */
function vectors() {
  let asked = 0;
  const port: EmbedderPort = {
    id: 'stub/x',
    maxTexts: 2,
    async embed(texts) {
      asked++;
      if (texts.includes('bad')) throw failure('model/invalid-request', { status: 400, retryable: false });
      const usage = { ...NO_USAGE, inputTokens: texts.length, outputTokens: 0 };
      return { vectors: texts.map((text) => [text.length / 3, asked + 0.1 + 0.2]), usage, modelId: 'x-1' };
    },
  };
  return { port, asked: () => asked };
}

/** A vendor whose embedders need a key. */
function vendor() {
  const { port, asked } = vectors();
  const embedders: EmbedderProviders = {
    names: ['stub'],
    open: async (_, __, ___, env) => {
      if (!env.STUB_KEY) throw failure('model/authentication');
      return port;
    },
    adopt: () => undefined,
  };
  const providers: Providers = {
    names: ['stub'],
    open: () => Promise.reject(new Error('no models')),
    priceOf: () => ({ inputUsdPerMillion: 1, outputUsdPerMillion: 1 }),
    adopt: () => undefined,
    embedders,
    close: async () => undefined,
  };
  return { providers, asked };
}

type Options = Partial<EmbedderOptions> & { readonly env?: Record<string, string> };

async function ask(providers: Providers, texts: readonly string[], { env = {}, ...options }: Options = {}) {
  const core = createCore({ providers, env, cassette: cassette(file()) });
  const retry = { maxAttempts: 1 };
  try {
    const run = new Embedder({ model: 'stub/x', retry, ...options }).start(texts, { runtime: { core } });
    const { report, ...result } = await run.result;
    const events = await Array.fromAsync(run.events());
    expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
    return { ...result, report, types: events.map(({ type }) => type) };
  } finally {
    await core.close();
  }
}

const KEY = { STUB_KEY: 'key-of-the-stub' };

test('vectors are played to the last bit, without a key, in the same requests, with the same usage and cost', async () => {
  const [live, dead] = [vendor(), vendor()];
  const texts = ['a', 'bb', 'ccc', 'a key-of-the-stub'];
  const recorded = await ask(live.providers, texts, { env: KEY });
  expect(recorded.report).toMatchObject({ calls: 2, costUsd: 4e-6 });
  const played = await ask(dead.providers, texts, { env: KEY });
  expect(played).toEqual(recorded);
  expect([live.asked(), dead.asked()]).toEqual([2, 0]);
  const text = readFileSync(file(), 'utf8');
  expect(text).not.toContain('key-of-the-stub');
  expect(text.match(/"\[.*\]"/g)).toHaveLength(4); // a vector is a line
  expect((await ask(dead.providers, texts.slice(0, 2))).vectors).toEqual(recorded.vectors.slice(0, 2));
});

test('another text, or another length of the vectors, is no longer what was recorded', async () => {
  await ask(vendor().providers, ['a'], { env: KEY });
  for (const [texts, options] of [
    [['b'], {}],
    [['a'], { dimensions: 7 }],
  ] as const) {
    await expect(ask(vendor().providers, texts, options)).rejects.toMatchObject({ code: 'cassette/drift' });
  }
});

test('a failure that lasts is played; one that may pass is not recorded', async () => {
  await expect(ask(vendor().providers, ['bad'], { env: KEY })).rejects.toMatchObject({
    code: 'model/invalid-request',
  });
  const dead = vendor();
  await expect(ask(dead.providers, ['bad'])).rejects.toMatchObject({ code: 'model/invalid-request' });
  expect(dead.asked()).toBe(0);
});

test('an embedder object is recorded as well, and beside a cache only what was asked for', async () => {
  const record = async (model: EmbedderPort) => {
    const core = createCore({ providers: vendor().providers, env: {}, cassette: cassette(file()) });
    const embedder = new Embedder({ model, cache: { store: memoryCache() } });
    const first = await embedder.embed(['a', 'bb'], { runtime: { core } });
    const second = await embedder.embed(['bb', 'ccc'], { runtime: { core } });
    await core.close();
    return [first.vectors, second.vectors];
  };
  const [live, dead] = [vectors(), vectors()];
  const recorded = await record(live.port);
  expect(await record(dead.port)).toEqual(recorded);
  expect([live.asked(), dead.asked()]).toEqual([2, 0]);
});

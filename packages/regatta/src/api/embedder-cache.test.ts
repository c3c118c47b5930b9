import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createRuntime,
  Embedder,
  type EmbedderOptions,
  type EmbedderPort,
  memoryCache,
  RegattaError,
  type ReplyStore,
  type RunEvent,
} from '../index.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { checkTrace, createGate, createManualClock } from '../testing/index.ts';
import { createCore } from './core.ts';

const PRICE = { inputUsdPerMillion: 1, outputUsdPerMillion: 0 };

/** Gives each text its length as a vector of one, and takes a token for each character. */
function lengths(pass: (texts: readonly string[]) => void | Promise<void> = () => undefined, maxTexts = 10) {
  const asked: (readonly string[])[] = [];
  const port: EmbedderPort = {
    id: 'fake/embed',
    maxTexts,
    price: PRICE,
    async embed(texts) {
      asked.push(texts);
      await pass(texts);
      const inputTokens = texts.join('').length;
      return {
        vectors: texts.map((text) => [text.length]),
        usage: { ...NO_USAGE, inputTokens, outputTokens: 0 },
        modelId: null,
      };
    },
  };
  return { port, asked };
}

function keeping(port: EmbedderPort, options: Partial<EmbedderOptions> = {}) {
  const store = memoryCache();
  const retry = { maxAttempts: 1 };
  return { store, embedder: new Embedder({ model: port, cache: { store }, retry, ...options }) };
}

/** Embeds, checks the trace, and gives what was told. */
async function embed(embedder: Embedder, texts: readonly string[], runtime = RUNTIME) {
  const events: RunEvent[] = [];
  const run = embedder.start(texts, { runtime, callbacks: [(event) => events.push(event)] });
  const result = await run.result;
  const audit = await run.flush();
  expect(checkTrace(events, { ledger: run.ledger, audit })).toEqual([]);
  return { ...result, ends: events.filter(({ type }) => type === 'embed.end'), ledger: run.ledger };
}

const RUNTIME = createRuntime({ env: {} });

function failed(status = 400): RegattaError {
  const details = { model: 'fake/embed', status, retryable: false, retryAfterMs: null, providerCode: null };
  return new RegattaError('model/invalid-request', 'No. Ask otherwise.', details);
}

test('only texts that are not there are asked for and billed; the rest says what it saved', async () => {
  const { port, asked } = lengths();
  const { embedder, store } = keeping(port);
  await embed(embedder, ['a', 'bbb']);
  const mixed = await embed(embedder, ['cc', 'bbb', 'a', 'cc']);
  expect(mixed.vectors).toEqual([[2], [3], [1], [2]]);
  expect(asked).toEqual([['a', 'bbb'], ['cc']]);
  expect(mixed.ledger).toMatchObject([{ usage: { inputTokens: 2 }, costNanoUsd: 2_000 }]);
  expect(mixed.report).toMatchObject({ calls: 1, inputTokens: 2, costUsd: 2e-6 });
  const [kept, made] = mixed.ends;
  expect(kept).toMatchObject({
    texts: 2,
    dimensions: 1,
    usage: { inputTokens: 0, outputTokens: 0 },
    costUsd: 0,
    attempts: 0,
    saved: { usage: { inputTokens: 4, outputTokens: 0 }, costUsd: 4e-6 },
  });
  expect(made).toMatchObject({ texts: 1, usage: { inputTokens: 2 }, attempts: 1 });
  expect(made).not.toHaveProperty('saved');
  expect(store.stats()).toEqual({ hits: 2, misses: 3, evictions: 0, failures: 0 });
  const all = await embed(embedder, ['a', 'bbb', 'cc']);
  expect([asked.length, all.ledger, all.report.calls, all.ends.length]).toEqual([2, [], 0, 1]);
});

test('shares of a request add up to it, whatever the lengths of its texts', async () => {
  const texts = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 0, max: 50 }), async (list, inputTokens) => {
      const { port } = lengths(undefined, 100);
      const usage = { ...NO_USAGE, inputTokens, outputTokens: 0 };
      const odd: EmbedderPort = {
        ...port,
        embed: async (some, context) => ({ ...(await port.embed(some, context)), usage }),
      };
      const { embedder } = keeping(odd);
      await embed(embedder, list);
      const { ends } = await embed(embedder, list);
      expect(ends).toMatchObject([{ saved: { usage: { inputTokens }, costUsd: inputTokens / 1e6 } }]);
    }),
    { numRuns: 30 },
  );
});

test('of calls at once that need one text, one asks for it; each asks for its own, and then waits', async () => {
  const gate = createGate();
  const { port, asked } = lengths(() => gate.pass());
  const { embedder, store } = keeping(port);
  // Each has a text that the other waits for: whoever waited first would wait for ever.
  const one = embed(embedder, ['a', 'bb']);
  await gate.reached;
  const other = embed(embedder, ['ccc', 'bb']);
  const third = embed(embedder, ['ccc', 'a']);
  await new Promise((resolve) => setImmediate(resolve));
  gate.open();
  expect((await one).vectors).toEqual([[1], [2]]);
  expect((await other).vectors).toEqual([[3], [2]]);
  expect((await third).vectors).toEqual([[3], [1]]);
  expect(asked).toEqual([['a', 'bb'], ['ccc']]);
  expect((await other).ends).toMatchObject([
    { texts: 1, attempts: 1 },
    { texts: 1, saved: { usage: { inputTokens: 2 } } },
  ]);
  expect(store.stats()).toMatchObject({ hits: 3, misses: 3 });
});

test('a failure is kept for nobody: who waited for it asks for itself', async () => {
  const gate = createGate();
  let requests = 0;
  const { port, asked } = lengths(async () => {
    const number = ++requests;
    await gate.pass();
    if (number === 1) throw failed();
  });
  const { embedder } = keeping(port);
  const first = embedder.embed(['a'], { runtime: RUNTIME });
  await gate.reached;
  const others = [embed(embedder, ['a']), embed(embedder, ['a'])];
  await new Promise((resolve) => setImmediate(resolve));
  gate.open();
  await expect(first).rejects.toMatchObject({ code: 'model/invalid-request' });
  for (const { vectors } of await Promise.all(others)) expect(vectors).toEqual([[1]]);
  expect(asked).toHaveLength(3);
});

test('what a request gave is kept, although another of the same call fails', async () => {
  let isBroken = true;
  const { port, asked } = lengths((texts) => {
    if (isBroken && texts.includes('bb')) throw failed();
  }, 1);
  const { embedder } = keeping(port);
  await expect(embedder.embed(['a', 'bb'], { runtime: RUNTIME })).rejects.toMatchObject({
    code: 'model/invalid-request',
  });
  isBroken = false;
  expect((await embed(embedder, ['a', 'bb'])).vectors).toEqual([[1], [2]]);
  expect(asked).toEqual([['a'], ['bb'], ['bb']]);
});

test('whoever is cancelled, in any order of answers, the others have their vectors, and nothing is asked for twice at once', async () => {
  const call = fc.record({
    texts: fc.array(fc.constantFrom('a', 'bb', 'ccc', 'dddd'), { minLength: 1, maxLength: 4 }),
    isCancelled: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(call, { minLength: 1, maxLength: 5 }), async (s, calls) => {
      const under = new Map<string, number>();
      let most = 0;
      const { port } = lengths(async (texts) => {
        for (const text of texts) {
          const now = (under.get(text) ?? 0) + 1;
          under.set(text, now);
          most = Math.max(most, now);
        }
        await s.schedule(Promise.resolve(), 'answer');
        for (const text of texts) under.set(text, (under.get(text) ?? 1) - 1);
      }, 1);
      // The one that is left works on until it hears of it, so its texts may be asked for again meanwhile.
      const isCalm = calls.every(({ isCancelled }) => !isCancelled);
      const { embedder } = keeping(port);
      const runtime = createRuntime({ env: {} });
      const runs = calls.map(({ texts, isCancelled }) => {
        const run = embedder.start(texts, { runtime });
        if (isCancelled) void s.schedule(Promise.resolve(), 'cancel').then(() => run.cancel('enough'));
        return run.result.then(
          ({ vectors }) => expect(vectors).toEqual(texts.map(({ length }) => [length])),
          (error) => expect([isCancelled, error.code]).toEqual([true, 'run/cancelled']),
        );
      });
      await s.waitFor(Promise.all(runs));
      if (isCalm) expect(most).toBe(1);
    }),
    { numRuns: 60 },
  );
});

test('vectors are shared by those of a scope who ask the same, and live as long as is said', async () => {
  const { port, asked } = lengths();
  const store = memoryCache();
  const clock = createManualClock();
  const ask = async (options: Partial<EmbedderOptions>, scope = 'tenant', core = createCore({ clock })) => {
    const model = new Embedder({ model: port, cache: { store, scope, ttlMs: 1_000 }, ...options });
    await model.embed('a', { runtime: { core } });
    return asked.length;
  };
  expect(await ask({})).toBe(1);
  expect(await ask({ timeoutMs: 5, maxTexts: 3, retry: { maxAttempts: 2 } })).toBe(1);
  expect(await ask({ dimensions: 1 })).toBe(2);
  expect(await ask({ baseURL: 'https://other.example' })).toBe(3);
  expect(await ask({}, 'another tenant')).toBe(4);
  expect(await ask({}, 'runtime')).toBe(5);
  expect(await ask({}, 'runtime')).toBe(6); // of another runtime
  expect(await ask({}, 'run')).toBe(7);
  await clock.advance(1_000);
  expect(await ask({})).toBe(8);
});

test('a store that fails makes no call fail, and a text that is no vector is not there', async () => {
  const { port, asked } = lengths();
  const broken: ReplyStore = {
    outlivesRuntime: false,
    read: () => Promise.reject(new Error('no disk')),
    write: () => {
      throw new Error('no disk');
    },
    count: () => undefined,
  };
  const { embedder } = keeping(port, { cache: { store: broken } });
  for (const _ of [1, 2]) expect((await embed(embedder, ['a'])).vectors).toEqual([[1]]);
  const odd = { ...broken, read: async () => '{"vector":7}', write: () => undefined };
  await embed(keeping(port, { cache: { store: odd } }).embedder, ['a']);
  expect(asked).toHaveLength(3);
});

test('who rehearses neither reads nor fills a cache, and what is wrong with one is said at once', async () => {
  const store = memoryCache();
  await using runtime = createRuntime({ env: {}, rehearse: true });
  const { port, asked } = lengths();
  await new Embedder({ model: port, cache: { store } }).embed('a', { runtime });
  expect([asked, store.stats().misses]).toEqual([[], 0]);
  expect(() => new Embedder({ model: port, cache: { store, ttlMs: 0 } })).toThrow(/cache of the embedder/);
  expect(() => new Embedder({ model: port, cache: {} as never })).toThrow(/cache.store/);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCore } from '../api/core.ts';
import {
  type CacheStats,
  callback,
  createRuntime,
  LLM,
  type LlmOptions,
  type Model,
  memoryCache,
  type ReplyStore,
  type RunEvent,
} from '../index.ts';
import {
  checkTrace,
  createGate,
  createManualClock,
  type ScriptStep,
  scriptedModel,
} from '../testing/index.ts';
import { failure, quickLlm } from './failures.fixture.ts';

const PRICE = { inputUsdPerMillion: 1, outputUsdPerMillion: 1 };
const NOTHING = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

function keeping(script: readonly ScriptStep[], options: Partial<LlmOptions> = {}) {
  const store = memoryCache();
  const model = scriptedModel(script, { price: PRICE });
  return { store, model, llm: quickLlm(model, { cache: { store }, ...options }) };
}

/** Starts a call, and gives its run with all its events. */
async function run(llm: LLM, input: string, options: Parameters<LLM['start']>[1] = {}) {
  const events: RunEvent[] = [];
  const call = llm.start(input, { ...options, callbacks: [(event) => events.push(event)] });
  const result = await call.result;
  const audit = await call.flush();
  expect(checkTrace(events, { ledger: call.ledger, audit })).toEqual([]);
  return { result, events, ledger: call.ledger };
}

test('who asks the same gets the same: no request, no entry in the ledger, and what was saved', async () => {
  const { store, model, llm } = keeping(['first', 'other']);
  const miss = await run(llm, 'hello');
  const hit = await run(llm, 'hello');
  expect(model.requests).toHaveLength(1);
  expect(miss.events.find(({ type }) => type === 'model.end')).not.toHaveProperty('saved');
  expect(hit.events.find(({ type }) => type === 'model.end')).toMatchObject({
    usage: NOTHING,
    costUsd: 0,
    attempts: 1,
    saved: { usage: { inputTokens: 10, outputTokens: 5 }, costUsd: 0.000015 },
  });
  const { finishReason, message, model: name, modelId } = miss.result;
  expect(hit.result).toMatchObject({
    kind: 'text',
    text: 'first',
    finishReason,
    message,
    model: name,
    modelId,
  });
  expect(miss.result.saved).toBeNull();
  expect(hit.result.saved).toMatchObject({ usage: { inputTokens: 10, outputTokens: 5 }, costUsd: 0.000015 });
  expect(hit.result).toMatchObject({ attempts: 0, costUsd: 0, report: { calls: 0, totalTokens: 0 } });
  expect(hit.ledger).toEqual([]);
  expect((await run(llm, 'good day')).result.text).toBe('other');
  expect(store.stats()).toEqual({ hits: 1, misses: 2, evictions: 0, failures: 0 });
});

test('a kept answer is streamed in one piece, tool calls too', async () => {
  const toolCalls = [{ tool: 'tide', args: { port: 'Brest' } }];
  const { llm } = keeping([{ text: 'let me look', toolCalls }]);
  const deltas = ({ events }: Awaited<ReturnType<typeof run>>) =>
    events.flatMap((event) => (event.type === 'model.delta' ? [event.text] : []));
  expect(deltas(await run(llm, 'tide?', { stream: true }))).toEqual(['let ', 'me ', 'look']);
  const hit = await run(llm, 'tide?', { stream: true });
  expect(deltas(hit)).toEqual(['let me look', '{"port":"Brest"}']);
  expect(hit.result).toMatchObject({ kind: 'tool-calls', toolCalls: [{ tool: 'tide', callId: 'call-0' }] });
});

test.each(['length', 'content-filter', 'pause', 'error', null] as const)(
  'an answer that ended with %s is not kept',
  async (finishReason) => {
    const { model, llm } = keeping([{ text: 'half', finishReason: finishReason as never }, 'whole']);
    // A script takes null for "not said", so it is said here.
    const odd: Model = {
      id: model.id,
      async call(request, context, tell) {
        const reply = await model.call(request, context, tell);
        return model.requests.length === 1 ? { ...reply, finishReason } : reply;
      },
    };
    const kept = quickLlm(odd, { cache: { store: memoryCache() } });
    await kept.call('hello');
    expect((await kept.call('hello')).text).toBe('whole');
    expect((await kept.call('hello')).text).toBe('whole');
    expect(llm.settings.cache?.scope).toBe('runtime');
  },
);

test('a failure is not kept', async () => {
  const { model, llm } = keeping([{ error: failure('model/invalid-request') }, 'fine']);
  await expect(llm.call('hello')).rejects.toMatchObject({ code: 'model/invalid-request' });
  expect((await llm.call('hello')).text).toBe('fine');
  expect(model.requests).toHaveLength(2);
});

test('of calls at once for one key one asks, in any order of what happens', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 8 }), async (scheduler, count) => {
      const kept = memoryCache();
      const store: ReplyStore = { ...kept, read: (...at) => scheduler.schedule(kept.read(...at)) };
      const model = scriptedModel([() => scheduler.schedule(Promise.resolve('one'), 'answer')]);
      const llm = quickLlm(model, { cache: { store } });
      const runs = Array.from({ length: count }, () => llm.start('hello'));
      const results = await scheduler.waitFor(Promise.all(runs.map(({ result }) => result)));
      expect(results.map(({ text }) => text)).toEqual(runs.map(() => 'one'));
      expect(model.requests).toHaveLength(1);
      expect(runs.flatMap(({ ledger }) => ledger)).toHaveLength(1);
      expect(kept.stats()).toMatchObject({ hits: count - 1, misses: 1 });
    }),
    { numRuns: 50 },
  );
});

test('the one that asks is cancelled: one of those who waited asks, and the others wait for it', async () => {
  const gates = [createGate(), createGate()];
  const step = (index: number) => () => gates[index]!.pass().then(() => `answer ${index}`);
  const { model, llm } = keeping([step(0), step(1)]);
  const [leader, ...others] = Array.from({ length: 5 }, () => llm.start('hello'));
  await gates[0]!.reached;
  leader!.cancel('enough');
  await expect(leader!.result).rejects.toMatchObject({ code: 'run/cancelled' });
  await gates[1]!.reached;
  gates[0]!.open();
  gates[1]!.open();
  const results = await Promise.all(others.map(({ result }) => result));
  expect(results.map(({ text }) => text)).toEqual(Array(4).fill('answer 1'));
  expect(model.requests).toHaveLength(2);
  expect(others.flatMap(({ ledger }) => ledger)).toHaveLength(1);
});

test('one that waits is cancelled alone', async () => {
  const gate = createGate();
  const { model, llm } = keeping([() => gate.pass().then(() => 'answer')]);
  const [leader, other, third] = Array.from({ length: 3 }, () => llm.start('hello'));
  await gate.reached;
  other!.cancel();
  await expect(other!.result).rejects.toMatchObject({ code: 'run/cancelled' });
  gate.open();
  expect((await leader!.result).text).toBe('answer');
  expect((await third!.result).text).toBe('answer');
  expect(model.requests).toHaveLength(1);
});

test('the one that asks fails: each of those who waited asks for itself', async () => {
  const gate = createGate();
  const fails = () => gate.pass().then(() => ({ error: failure('model/quota') }));
  const { model, llm } = keeping([fails, 'a', 'b', { error: failure('model/quota') }]);
  const runs = Array.from({ length: 4 }, () => llm.start('hello').result);
  await gate.reached;
  gate.open();
  const ends = await Promise.allSettled(runs);
  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
  expect(model.requests).toHaveLength(4);
});

test('a budget of its own that stops the one that asks stops none of those who wait', async () => {
  const { model, llm } = keeping(['answer']);
  const poor = llm.start('hello', { budget: { calls: 0 } });
  const other = llm.start('hello');
  await expect(poor.result).rejects.toMatchObject({ code: 'budget/exceeded' });
  expect((await other.result).text).toBe('answer');
  expect(model.requests).toHaveLength(1);
  expect((await llm.call('hello', { budget: { calls: 0 } })).text).toBe('answer'); // no call is made
});

test('a callback that holds up the one that asks holds up nobody else', async () => {
  const gate = createGate();
  const holds = callback((event) => (event.type === 'model.delta' ? gate.pass() : undefined), {
    capacity: 1,
    onFull: 'block',
    blockMs: 15_000,
  });
  const { model, llm } = keeping([{ text: 'one two three four five six' }]);
  const held = llm.start('hello', { stream: true, callbacks: [holds] });
  await gate.reached;
  expect((await llm.call('hello')).text).toBe('one two three four five six');
  expect(held.status).toBe('running');
  gate.open();
  await held.result;
  expect(model.requests).toHaveLength(1);
});

test('whoever reads slowly has every piece before the end', async () => {
  const { llm } = keeping(['one two three four five']);
  const gate = createGate();
  const heard: string[] = [];
  const slow = callback(
    async (event) => {
      await gate.pass();
      heard.push(event.type);
    },
    { capacity: 1, onFull: 'block', blockMs: 60_000, timeoutMs: 60_000 },
  );
  const call = llm.start('count', { stream: true, callbacks: [slow] });
  await gate.reached;
  await new Promise((resolve) => setImmediate(resolve)); // the model has said all that it has to say
  gate.open();
  expect((await call.result).text).toBe('one two three four five');
  await call.flush();
  expect(heard.filter((type) => type === 'model.delta')).toHaveLength(5);
  expect(heard.slice(-2)).toEqual(['model.end', 'run.end']);
  expect(call.audit()).toMatchObject({ dropped: 0, late: 0, balance: 0 });
});

test('a scope shares with nobody outside: runs, runtimes, names', async () => {
  const store = memoryCache();
  const model = scriptedModel([({ messages }) => `for ${JSON.stringify(messages)}`, ...'bcdefgh'], {
    loop: true,
  });
  const ask = async (scope: string | undefined, runtime: object) => {
    const cache = scope === undefined ? { store } : { store, scope };
    await new LLM({ model, cache }).call('hello', { runtime: runtime as never });
    return model.requests.length;
  };
  const [one, other] = [createRuntime(), createRuntime()];
  expect(await ask(undefined, one)).toBe(1);
  expect(await ask('runtime', one)).toBe(1);
  expect(await ask('runtime', other)).toBe(2);
  expect(await ask('run', one)).toBe(3);
  expect(await ask('run', one)).toBe(4);
  expect(await ask('tenant-a', one)).toBe(5);
  expect(await ask('tenant-b', one)).toBe(6);
  expect(await ask('tenant-a', other)).toBe(6);
  // A tenant that is called as what a run or a runtime is identified by finds nothing of theirs.
  expect(await ask('tenant-a"', one)).toBe(7);
});

test('whatever may change the answer is a part of the key, and how long to wait is not', async () => {
  const store = memoryCache();
  const model = scriptedModel(['answer'], { loop: true });
  const requests = async (options: Partial<LlmOptions>, more: Parameters<LLM['call']>[1] = {}) => {
    const before = model.requests.length;
    await new LLM({ model, cache: { store }, ...options }).call('hello', more);
    return model.requests.length - before;
  };
  expect(await requests({})).toBe(1);
  const matters: Partial<LlmOptions>[] = [
    { temperature: 1 },
    { topP: 1 },
    { maxTokens: 9 },
    { seed: 1 },
    { stop: ['x'] },
    { baseURL: 'https://eu.example' },
    { headers: { 'x-team': 'red' } },
    { apiKey: 'sk-one' },
    { apiKey: 'sk-two' },
    { providerOptions: { openai: { user: 'u' } } },
    { api: 'chat' },
    { fetch: async () => new Response() },
  ];
  for (const options of matters) expect(await requests(options), JSON.stringify(options)).toBe(1);
  for (const options of matters)
    expect(await requests(options), JSON.stringify(options)).toBe(options.fetch ? 0 : 0);
  for (const options of [
    { timeoutMs: 5 },
    { retry: { maxAttempts: 9 } },
    { price: PRICE },
    { contextWindow: 9 },
  ])
    expect(await requests(options), JSON.stringify(options)).toBe(0);
  expect(
    await requests({}, { output: { type: 'string' } as never, maxOutputRetries: 0 }).catch(() => 1),
  ).toBe(1);
});

test('a kept answer is used until its time is up, by the clock of the runtime', async () => {
  const clock = createManualClock();
  const core = createCore({ clock });
  const { model, llm, store } = keeping(['old', 'new'], {});
  const timed = quickLlm(model, { cache: { store, ttlMs: 1_000 } });
  const ask = async () => (await timed.call('hello', { runtime: { core } })).text;
  expect(await ask()).toBe('old');
  await clock.advance(999);
  expect(await ask()).toBe('old');
  await clock.advance(1);
  expect(await ask()).toBe('new');
  expect(llm.settings.cache?.ttlMs).toBe(3_600_000);
});

test('a store that fails makes no call fail', async () => {
  const broken: ReplyStore = {
    outlivesRuntime: false,
    read: () => Promise.reject(new Error('disk')),
    write: () => {
      throw new Error('disk');
    },
    count: () => undefined,
  };
  const garbage: ReplyStore = { ...broken, read: async () => '{"half', write: () => undefined };
  for (const store of [broken, garbage]) {
    const model = scriptedModel(['one', 'two']);
    const llm = quickLlm(model, { cache: { store } });
    expect([(await llm.call('hello')).text, (await llm.call('hello')).text]).toEqual(['one', 'two']);
  }
});

test('a fallback’s answer is not kept as the first model’s', async () => {
  const store = memoryCache();
  const first = scriptedModel([{ error: failure('model/quota') }, 'from the first']);
  const second = scriptedModel(['from the second'], { id: 'second/model' });
  const llm = quickLlm(first, { cache: { store }, fallback: [second] });
  expect((await llm.call('hello')).text).toBe('from the second');
  expect((await llm.call('hello')).text).toBe('from the first');
});

test('who rehearses keeps nothing and finds nothing', async () => {
  const { llm, store } = keeping(['answer']);
  await llm.call('hello', { runtime: createRuntime({ rehearse: true }) });
  expect(store.stats()).toEqual({ hits: 0, misses: 0, evictions: 0, failures: 0 } satisfies CacheStats);
});

test('what is wrong with a cache is said where the LLM is made', () => {
  const store = memoryCache();
  const make = (cache: unknown) => () => new LLM({ model: 'rehearsal', cache: cache as never });
  expect(make({})).toThrow(/cache.store must be a store of replies/);
  expect(make({ store, ttlMs: 0 })).toThrow(/cache.ttlMs/);
  expect(make({ store, scope: ' ' })).toThrow(/cache.scope/);
  expect(make({ store: { ...store, outlivesRuntime: true } })).toThrow(/Name who shares them/);
  expect(make({ store: { ...store, outlivesRuntime: true }, scope: 'a' })).not.toThrow();
});

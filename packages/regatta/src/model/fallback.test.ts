import { expect, test } from 'vitest';
import { createCore } from '../api/core.ts';
import { createRuntime, guard, LLM, type Model, type RunEvent } from '../index.ts';
import { checkTrace, createManualClock, type ScriptStep, scriptedModel } from '../testing/index.ts';
import { type FailureCode, failure, quickLlm, summarize } from './failures.fixture.ts';

const PRICE = { inputUsdPerMillion: 1, outputUsdPerMillion: 1 };
const second = (script: readonly ScriptStep[] = ['from the second']) =>
  scriptedModel(script, { id: 'second/model', price: { inputUsdPerMillion: 100, outputUsdPerMillion: 100 } });

/** Starts a call, and gives its run with all its events. */
async function run(llm: LLM, options: Parameters<LLM['start']>[1] = {}) {
  const events: RunEvent[] = [];
  const call = llm.start('hello', { ...options, callbacks: [(event) => events.push(event)] });
  const outcome = await call.result.then(
    (result) => ({ result, error: undefined }),
    (error) => ({ result: undefined, error }),
  );
  const audit = await call.flush();
  expect(checkTrace(events, { ledger: call.ledger, audit })).toEqual([]);
  return { ...outcome, events, ledger: call.ledger };
}

test.each<[FailureCode, 'at once' | 'after its retries' | 'never']>([
  ['model/authentication', 'at once'],
  ['model/permission', 'at once'],
  ['model/not-found', 'at once'],
  ['model/quota', 'at once'],
  ['model/context-length', 'at once'],
  ['model/overloaded', 'at once'],
  ['model/rate-limit', 'after its retries'],
  ['model/timeout', 'after its retries'],
  ['model/network', 'after its retries'],
  ['model/malformed-response', 'after its retries'],
  ['model/failed', 'after its retries'],
  ['model/invalid-request', 'never'],
  ['model/content-filter', 'never'],
])('after %s the fallback is asked %s', async (code, when) => {
  const first = scriptedModel([{ error: failure(code) }], { loop: true });
  const other = second();
  const { result, error } = await run(quickLlm(first, { fallback: [other] }));
  expect(first.requests).toHaveLength(when === 'after its retries' ? 3 : 1);
  expect(other.requests).toHaveLength(when === 'never' ? 0 : 1);
  if (when === 'never') expect(error).toMatchObject({ code });
  else expect(result).toMatchObject({ text: 'from the second', model: 'second/model' });
});

test('without a fallback an overloaded model is tried again', async () => {
  const first = scriptedModel([{ error: failure('model/overloaded') }, 'at last']);
  expect((await run(quickLlm(first))).result).toMatchObject({ text: 'at last', attempts: 2 });
});

test('who asks to wait longer than we would is not waited for where another can answer', async () => {
  const busy = { error: failure('model/rate-limit', { status: 429, retryAfterMs: 60_000 }) };
  const first = scriptedModel([busy]);
  expect((await run(quickLlm(first, { fallback: [second()] }))).result?.text).toBe('from the second');
});

test('callbacks hear one call, the ledger has each attempt by the model that was asked, at its own price', async () => {
  const first = scriptedModel([{ error: failure('model/network', { status: 500 }) }], {
    loop: true,
    price: PRICE,
  });
  const { result, events, ledger } = await run(quickLlm(first, { fallback: [second()] }));
  expect(summarize(events)).toEqual([
    'start scripted/model',
    'retry 1 model/network -> scripted/model',
    'retry 2 model/network -> scripted/model',
    'retry 3 model/network -> second/model',
    'end second/model ok',
  ]);
  expect(ledger.map(({ attemptId, model, status }) => [attemptId.slice(-6), model, status])).toEqual([
    ['call#1', 'scripted/model', 'failed'],
    ['call#2', 'scripted/model', 'failed'],
    ['call#3', 'scripted/model', 'failed'],
    ['call#4', 'second/model', 'succeeded'],
  ]);
  expect(result).toMatchObject({ attempts: 4, costUsd: 0.0015 });
  expect(result?.report).toMatchObject({ costUsd: 0.0015, byModel: { 'second/model': { attempts: 1 } } });
});

test('each of several is asked in turn, a fallback of a fallback too, and the last error counts', async () => {
  const broken = (id: string) => scriptedModel([{ error: failure('model/quota', { model: id }) }], { id });
  const inner = new LLM({ model: broken('b/b'), fallback: [broken('c/c')] });
  const { error, events } = await run(quickLlm(broken('a/a'), { fallback: [inner, broken('d/d')] }));
  expect(error).toMatchObject({ code: 'model/quota', details: { model: 'd/d' } });
  expect(summarize(events).at(-1)).toBe('end d/d model/quota');
  expect(events.filter(({ type }) => type === 'model.retry')).toMatchObject([
    { attempt: 1, model: 'b/b' },
    { attempt: 2, model: 'c/c' },
    { attempt: 3, model: 'd/d' },
  ]);
});

test('an answer that has begun to arrive is not thrown away for another model, unless that is asked for', async () => {
  const breaks = { text: 'half an', error: failure('model/network') };
  const once = await run(quickLlm(scriptedModel([breaks]), { fallback: [second()] }), { stream: true });
  expect(once.error).toMatchObject({ code: 'model/network' });
  const retry = { retry: 'always', maxAttempts: 1 } as const;
  const always = quickLlm(scriptedModel([breaks]), { fallback: [second()], retry });
  expect((await run(always, { stream: true })).result?.text).toBe('from the second');
});

test('a model whose key is missing is passed over, and is no attempt in the ledger', async () => {
  const llm = new LLM({ model: 'openai/gpt-5.4-mini', fallback: [second()] });
  const { result, events, ledger } = await run(llm, { runtime: createRuntime() });
  expect(result?.model).toBe('second/model');
  expect(ledger).toHaveLength(1);
  expect(events.find(({ type }) => type === 'model.retry')).toMatchObject({
    error: { code: 'llm/missing-key' },
  });
});

test('who cancels while a model fails gets no other model', async () => {
  const other = second();
  const stops: Model = {
    id: 'stub/model',
    async call() {
      controller.abort(new Error('enough'));
      throw failure('model/quota');
    },
  };
  const controller = new AbortController();
  const { error } = await run(quickLlm(stops, { fallback: [other] }), { signal: controller.signal });
  expect(error).toMatchObject({ code: 'run/cancelled' });
  expect(other.requests).toHaveLength(0);
});

test('a name takes over sampling, limits and retries, and nothing that is the other provider’s', () => {
  const { fallback } = new LLM({
    model: 'openai/gpt-5.4-mini',
    apiKey: 'sk-of-openai',
    baseURL: 'https://proxy.example',
    headers: { 'x-team': 'red' },
    providerOptions: { openai: { user: 'u' } },
    temperature: 0.5,
    maxTokens: 9,
    timeoutMs: 77,
    retry: { maxAttempts: 9 },
    fallback: ['anthropic/claude-sonnet-5'],
  });
  expect(fallback[0]).toMatchObject({
    model: 'anthropic/claude-sonnet-5',
    settings: { temperature: 0.5, maxTokens: 9, timeoutMs: 77, retry: { maxAttempts: 9 } },
  });
  for (const field of ['apiKey', 'baseURL', 'headers', 'providerOptions'])
    expect(fallback[0]!.settings).not.toHaveProperty(field);
  expect(() => new LLM({ model: 'rehearsal', fallback: 'anthropic/x' as never })).toThrow(/must be a list/);
  expect(() => new LLM({ model: 'rehearsal', fallback: ['anthropic'] })).toThrow(/provider\/model/);
});

test('a fallback’s guards stand before the call as well: what they deny is not asked of anybody', async () => {
  const deny = guard('model.before', () => Promise.reject(new Error('not this')));
  const guarded = new LLM({ model: second(), callbacks: [deny] });
  const first = scriptedModel(['never']);
  const { error } = await run(quickLlm(first, { fallback: [guarded] }));
  expect(error).toMatchObject({ code: 'guard/denied' });
  expect(first.requests).toHaveLength(0);
});

test('who rehearses asks nobody else', async () => {
  const other = second();
  const llm = new LLM({ model: 'openai/gpt-5.4-mini', fallback: [other] });
  const { text } = await llm.call('hello', { runtime: createRuntime({ rehearse: true }) });
  expect(text).toContain('[rehearsal]');
  expect(other.requests).toHaveLength(0);
});

test('pauses between attempts follow the policy and what the provider asks, on the clock of the runtime', async () => {
  const clock = createManualClock();
  const core = createCore({ clock, random: () => 1 });
  const asks = { error: failure('model/rate-limit', { status: 429, retryAfterMs: 2_000 }) };
  const model = scriptedModel([{ error: failure('model/network') }, asks, 'at last']);
  const run = new LLM({ model }).start('hello', { runtime: { core } });
  await clock.settle();
  expect(model.requests).toHaveLength(1);
  await clock.advance(499);
  expect(model.requests).toHaveLength(1);
  await clock.advance(1);
  expect(model.requests).toHaveLength(2);
  await clock.advance(1_999);
  expect(model.requests).toHaveLength(2);
  await clock.advance(1);
  expect(await run.result).toMatchObject({ text: 'at last', attempts: 3 });
  expect(model.requests.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
});

import { expect, test } from 'vitest';
import { createCore } from '../api/core.ts';
import { Breaker } from '../base/breaker.ts';
import { LLM, type LlmOptions } from '../index.ts';
import type { Providers } from '../ports/provider.ts';
import { createGate, createManualClock, type ScriptStep, scriptedModel } from '../testing/index.ts';
import { type FailureCode, failure } from './failures.fixture.ts';

const ONCE = { maxAttempts: 1 } as const;
const broken = { error: failure('model/failed', { status: 500 }) };

/** A runtime whose one provider answers by the script, whatever it is asked for. */
function runtimeOf(script: readonly ScriptStep[]) {
  const clock = createManualClock();
  const model = scriptedModel(script, { loop: true, id: 'stub/x' });
  const providers: Providers = {
    names: ['stub'],
    open: async () => model,
    priceOf: () => undefined,
    adopt: () => undefined,
    close: async () => undefined,
  };
  const core = createCore({ clock, providers });
  const circuit = { breakAfter: 2, breakMs: 1_000 };
  const call = (options: Partial<LlmOptions> = {}) =>
    new LLM({ model: 'stub/x', retry: ONCE, circuit, ...options }).call('hello', { runtime: { core } });
  return { clock, model, core, call };
}

test('after failures in a row a model is left alone: calls fail at once, until one may try', async () => {
  const { clock, model, call } = runtimeOf([broken, broken, broken, 'back', 'again']);
  for (let time = 0; time < 2; time++) await expect(call()).rejects.toMatchObject({ code: 'model/failed' });
  await expect(call()).rejects.toMatchObject({
    code: 'model/circuit-open',
    details: { model: 'stub/x', retryable: true, retryAfterMs: 1_000, status: null },
  });
  expect(model.requests).toHaveLength(2);
  await clock.advance(1_000);
  await expect(call()).rejects.toMatchObject({ code: 'model/failed' }); // the one that tries fails
  await expect(call()).rejects.toMatchObject({ code: 'model/circuit-open' });
  await clock.advance(1_000);
  expect((await call()).text).toBe('back');
  expect((await call()).text).toBe('again');
});

test('an open circuit is passed over for the fallback, and costs no attempt', async () => {
  const { model, call } = runtimeOf([broken]);
  const fallback = [scriptedModel(['from the second'], { loop: true, id: 'second/model' })];
  for (let time = 0; time < 4; time++) {
    const { text, attempts } = await call({ fallback });
    expect([text, attempts]).toEqual(['from the second', time < 2 ? 2 : 1]);
  }
  expect(model.requests).toHaveLength(2);
});

test('by default a circuit opens only where there is another model to ask', () => {
  expect(new LLM({ model: 'rehearsal' }).settings.circuit).toBeUndefined();
  expect(new LLM({ model: 'rehearsal', circuit: {} }).settings.circuit).toEqual({
    breakAfter: 5,
    breakMs: 30_000,
  });
  const fallback = ['rehearsal'];
  expect(new LLM({ model: 'rehearsal', fallback }).settings.circuit).toEqual({
    breakAfter: 5,
    breakMs: 30_000,
  });
  expect(new LLM({ model: 'rehearsal', fallback, circuit: false }).settings.circuit).toBeUndefined();
  expect(() => new LLM({ model: 'rehearsal', circuit: { breakAfter: 0 } })).toThrow(/circuit.breakAfter/);
});

test('one runtime’s failures open no circuit of another, nor one key’s those of another key', async () => {
  const one = runtimeOf([broken]);
  const other = runtimeOf(['fine']);
  for (let time = 0; time < 2; time++) await one.call().catch(() => undefined);
  await expect(one.call()).rejects.toMatchObject({ code: 'model/circuit-open' });
  await expect(one.call({ apiKey: 'sk-another' })).rejects.toMatchObject({ code: 'model/failed' });
  await expect(one.call({ baseURL: 'https://another.example' })).rejects.toMatchObject({
    code: 'model/failed',
  });
  expect((await other.call()).text).toBe('fine');
});

test.each<[FailureCode, boolean]>([
  ['model/network', true],
  ['model/rate-limit', true],
  ['model/timeout', true],
  ['model/invalid-request', false],
  ['model/authentication', false],
  ['model/content-filter', false],
])('%s counts as a failure of the model: %s', async (code, counts) => {
  const { call } = runtimeOf([{ error: failure(code) }]);
  for (let time = 0; time < 3; time++) await call().catch(() => undefined);
  await expect(call()).rejects.toMatchObject({ code: counts ? 'model/circuit-open' : code });
});

test('what fails between two that answer opens nothing', async () => {
  const { call, model } = runtimeOf([broken, 'fine']);
  for (let time = 0; time < 8; time++) await call().catch(() => undefined);
  expect(model.requests).toHaveLength(8);
});

test('after the pause one call tries, and those beside it do not; one that is cancelled leaves its place', async () => {
  const gate = createGate();
  const waits = async () => {
    await gate.pass();
    return 'back';
  };
  const { clock, core, model, call } = runtimeOf([broken, broken, waits, waits, 'again']);
  for (let time = 0; time < 2; time++) await call().catch(() => undefined);
  await clock.advance(1_000);
  const circuit = { breakAfter: 2, breakMs: 1_000 };
  const tries = new LLM({ model: 'stub/x', retry: ONCE, circuit }).start('hello', { runtime: { core } });
  await gate.reached;
  await expect(call()).rejects.toMatchObject({ code: 'model/circuit-open' });
  tries.cancel();
  await expect(tries.result).rejects.toMatchObject({ code: 'run/cancelled' });
  await clock.settle();
  const next = call();
  await clock.settle();
  expect(model.requests).toHaveLength(4);
  gate.open();
  expect((await next).text).toBe('back');
  expect((await call()).text).toBe('again');
});

test('a breaker that is open tells how long', async () => {
  const clock = createManualClock();
  const breaker = new Breaker({ breakAfter: 1, breakMs: 100, clock });
  breaker.fail();
  await clock.advance(40);
  expect([breaker.allows(), breaker.waitMs]).toEqual([false, 60]);
  await clock.advance(60);
  expect([breaker.allows(), breaker.allows(), breaker.waitMs]).toEqual([true, false, 0]);
});

import { expect, test } from 'vitest';
import { createCore } from '../api/core.ts';
import {
  createRuntime,
  guard,
  LLM,
  memoryCache,
  type Price,
  type RouterOptions,
  type RunEvent,
  router,
} from '../index.ts';
import type { Providers } from '../ports/provider.ts';
import {
  checkTrace,
  createGate,
  createManualClock,
  type ScriptStep,
  scriptedModel,
} from '../testing/index.ts';
import { failure, summarize } from './failures.fixture.ts';

const broken = { error: failure('model/overloaded', { status: 503 }) };
const ONCE = { retry: { maxAttempts: 1 } };

function deployment(id: string, script: readonly ScriptStep[] = [`from ${id}`], price?: Price) {
  return scriptedModel(script, { id: `stub/${id}`, loop: true, ...(price === undefined ? {} : { price }) });
}

/** A runtime on a clock and a chance of its own. */
function place(randoms: readonly number[] = []) {
  const clock = createManualClock();
  let index = 0;
  const isLate = { value: false };
  const random = () => (isLate.value ? (randoms[index++ % randoms.length] ?? 0) : 0.5);
  const core = createCore({ clock, random });
  const ask = async (llm: LLM) => {
    isLate.value = false;
    const call = llm.start('hello', { runtime: { core } });
    isLate.value = true; // the run's id is made
    return (await call.result).text;
  };
  return { clock, core, ask, runtime: { core } };
}

test('weighted: by chance, in proportion to the weights', async () => {
  const { ask } = place([0, 0.74, 0.75, 0.99]);
  const llm = router({ models: [{ llm: deployment('a'), weight: 3 }, { llm: deployment('b') }] });
  const answers = [await ask(llm), await ask(llm), await ask(llm), await ask(llm)];
  expect(answers).toEqual(['from a', 'from a', 'from b', 'from b']);
});

test('least-busy: the fewest calls under way, for the weight', async () => {
  const gate = createGate();
  const waits = (id: string) => deployment(id, [() => gate.pass().then(() => `from ${id}`)]);
  const llm = router({
    models: [{ llm: waits('a') }, { llm: waits('b'), weight: 2 }],
    strategy: 'least-busy',
  });
  const { runtime, clock } = place();
  const calls = [];
  for (let index = 0; index < 6; index++) {
    calls.push(llm.call('hello', { runtime }));
    await clock.settle(); // it has chosen
  }
  gate.open();
  const answers = (await Promise.all(calls)).map(({ text }) => text.at(-1));
  expect(answers).toEqual(['a', 'b', 'b', 'a', 'b', 'b']);
});

test('least-busy takes turns where nobody is busy', async () => {
  const { ask } = place();
  const llm = router({
    models: [{ llm: deployment('a') }, { llm: deployment('b') }],
    strategy: 'least-busy',
  });
  expect([await ask(llm), await ask(llm), await ask(llm)]).toEqual(['from a', 'from b', 'from a']);
});

test('lowest-cost: the cheapest that is there; an unknown price comes last', async () => {
  const { ask, clock } = place();
  const price = (usd: number) => ({ inputUsdPerMillion: usd, outputUsdPerMillion: usd });
  const llm = router({
    models: [
      { llm: deployment('unknown') },
      { llm: deployment('dear', undefined, price(9)) },
      { llm: deployment('cheap', [broken, 'cheap again'], price(1)) },
    ],
    strategy: 'lowest-cost',
  });
  expect([await ask(llm), await ask(llm)]).toEqual(['from dear', 'from dear']);
  await clock.advance(30_000);
  expect(await ask(llm)).toBe('cheap again');
});

test('latency: each is tried by one call, then the quickest is asked, until what is known is old', async () => {
  const { clock, runtime } = place();
  const takes = (id: string, ms: number[]) =>
    deployment(
      id,
      ms.map((one) => async (_, { signal }) => {
        await clock.sleep(one, signal);
        return `from ${id}`;
      }),
    );
  const llm = router({
    models: [{ llm: takes('slow', [500, 5]) }, { llm: takes('quick', [50]) }],
    strategy: 'latency',
  });
  const both = [llm.call('hello', { runtime }), llm.call('hello', { runtime })];
  await clock.advance(500);
  expect((await Promise.all(both)).map(({ text }) => text)).toEqual(['from slow', 'from quick']);
  const ask = async () => {
    const call = llm.call('hello', { runtime });
    await clock.advance(500);
    return (await call).text;
  };
  expect([await ask(), await ask()]).toEqual(['from quick', 'from quick']);
  await clock.advance(60_000);
  const [one, other] = [await ask(), await ask()];
  expect([one, other].sort()).toEqual(['from quick', 'from slow']);
});

test('one that fails is passed over in the same call, left out for a while, and tried again by one call', async () => {
  const { clock, core } = place();
  const a = deployment('a', [broken, broken, 'a is back']);
  const llm = router({ models: [{ llm: a, weight: 1e9 }, { llm: deployment('b') }], breakMs: 1_000 });
  const events: RunEvent[] = [];
  const call = llm.start('hello', { runtime: { core }, callbacks: [(event) => events.push(event)] });
  const { text, model, attempts } = await call.result;
  const audit = await call.flush();
  expect([text, model, attempts]).toEqual(['from b', 'stub/b', 2]);
  expect(checkTrace(events, { ledger: call.ledger, audit })).toEqual([]);
  expect(summarize(events)).toEqual([
    'start router/weighted',
    'retry 1 model/overloaded -> stub/b',
    'end stub/b ok',
  ]);
  expect(call.ledger.map(({ model: asked, status }) => [asked, status])).toEqual([
    ['stub/a', 'failed'],
    ['stub/b', 'succeeded'],
  ]);
  const ask = async () => (await llm.call('hello', { runtime: { core } })).text;
  expect([await ask(), a.requests.length]).toEqual(['from b', 1]);
  await clock.advance(1_000);
  expect([await ask(), a.requests.length]).toEqual(['from b', 2]); // the one that tries fails
  expect([await ask(), a.requests.length]).toEqual(['from b', 2]);
  await clock.advance(1_000);
  expect(await ask()).toBe('a is back');
});

test('a request that is at fault goes to nobody else, and shuts nobody out', async () => {
  const b = deployment('b');
  const bad = { error: failure('model/invalid-request', { status: 400 }) };
  const llm = router({ models: [{ llm: deployment('a', [bad, 'from a']), weight: 1e9 }, { llm: b }] });
  const { runtime } = place();
  await expect(llm.call('hello', { runtime })).rejects.toMatchObject({ code: 'model/invalid-request' });
  expect((await llm.call('hello', { runtime })).text).toBe('from a');
  expect(b.requests).toHaveLength(0);
});

test('where all are left out the one that is out longest is asked, rather than nobody', async () => {
  const { clock, runtime } = place([0]);
  const a = deployment('a', [broken, 'a is back']);
  const b = deployment('b', [broken, 'b is back']);
  const llm = router({ models: [{ llm: a }, { llm: b }], strategy: 'least-busy', ...ONCE });
  await expect(llm.call('hello', { runtime })).rejects.toMatchObject({ code: 'model/overloaded' });
  expect([a.requests.length, b.requests.length]).toEqual([1, 1]);
  await clock.advance(10);
  expect((await llm.call('hello', { runtime })).text).toBe('a is back');
});

test('retry is how often all of them are tried, with pauses between', async () => {
  const { clock, runtime } = place();
  const script = [broken, 'at last'];
  const llm = router({
    models: [{ llm: deployment('a', script) }, { llm: deployment('b', script) }],
    strategy: 'least-busy',
    retry: { maxAttempts: 2, minDelayMs: 100, maxDelayMs: 100 },
  });
  const call = llm.start('hello', { runtime });
  await clock.settle();
  expect(call.ledger).toHaveLength(2);
  await clock.advance(100);
  expect(await call.result).toMatchObject({ text: 'at last', attempts: 3 });
});

test('what one runtime knows of a deployment, another does not', async () => {
  const [one, other] = [place(), place()];
  const a = deployment('a', [broken, 'a is back']);
  const llm = router({ models: [{ llm: a, weight: 1e9 }, { llm: deployment('b') }] });
  const seen = () => JSON.stringify(llm, (name, value) => (name === 'requests' ? null : value));
  const before = seen();
  expect([await one.ask(llm), await one.ask(llm)]).toEqual(['from b', 'from b']);
  expect(await other.ask(llm)).toBe('a is back');
  expect(seen()).toBe(before);
  expect(Object.isFrozen(llm.model)).toBe(true);
});

test('deployments of one model are told apart by name or by place, and opened when they are asked', async () => {
  const opened: (string | undefined)[] = [];
  const providers: Providers = {
    names: ['stub'],
    open: async (_, __, settings) => {
      opened.push(settings.baseURL);
      return scriptedModel([broken, String(settings.baseURL)], { id: 'stub/x', loop: true });
    },
    priceOf: () => undefined,
    adopt: () => undefined,
    close: async () => undefined,
  };
  const core = createCore({ providers });
  const at = (baseURL: string) => new LLM({ model: 'stub/x', baseURL });
  const llm = router({
    models: [{ llm: at('https://eu.example'), name: 'eu' }, { llm: at('https://us.example') }],
    strategy: 'least-busy',
    retry: { minDelayMs: 0, maxDelayMs: 0 },
  });
  expect(opened).toEqual([]);
  const call = llm.start('hello', { runtime: { core } });
  await call.result;
  expect(opened).toEqual(['https://eu.example', 'https://us.example']);
  expect(call.ledger.map(({ model }) => model)).toEqual(['stub/x#eu', 'stub/x#2', 'stub/x#eu']);
});

test('one whose key is missing is passed over', async () => {
  const llm = router({ models: [{ llm: 'openai/gpt-5.4-mini', weight: 1e9 }, { llm: deployment('b') }] });
  expect((await llm.call('hello', { runtime: createRuntime() })).text).toBe('from b');
});

test('an answer that has begun stays with who began it', async () => {
  const half = { text: 'half an', error: failure('model/network') };
  const llm = router({
    models: [{ llm: deployment('a', [half]), weight: 1e9 }, { llm: deployment('b') }],
    ...ONCE,
  });
  const { runtime } = place();
  await expect(llm.call('hello', { runtime, stream: true })).rejects.toMatchObject({ code: 'model/network' });
});

test('a cancelled call goes to nobody else, and is nobody’s fault', async () => {
  const gate = createGate();
  const a = deployment('a', [() => gate.pass().then(() => 'late'), 'from a']);
  const b = deployment('b');
  const llm = router({ models: [{ llm: a, weight: 1e9 }, { llm: b }] });
  const { runtime } = place();
  const call = llm.start('hello', { runtime });
  await gate.reached;
  call.cancel();
  await expect(call.result).rejects.toMatchObject({ code: 'run/cancelled' });
  gate.open();
  expect((await llm.call('hello', { runtime })).text).toBe('from a');
  expect(b.requests).toHaveLength(0);
});

test('a router may stand where an LLM may: with a cache, as a fallback, in a router; guards of deployments stand', async () => {
  const { runtime } = place();
  const a = deployment('a');
  const inner = router({ models: [{ llm: a }] });
  const outer = router({ models: [{ llm: inner }], cache: { store: memoryCache() } });
  const texts = [await outer.call('hello', { runtime }), await outer.call('hello', { runtime })];
  expect(texts.map(({ text }) => text)).toEqual(['from a', 'from a']);
  expect(a.requests).toHaveLength(1);
  const last = new LLM({ model: deployment('c', [{ error: failure('model/quota') }]), fallback: [inner] });
  expect((await last.call('hello', { runtime })).text).toBe('from a');
  const deny = guard('model.before', () => Promise.reject(new Error('not this')));
  const guarded = router({ models: [{ llm: new LLM({ model: a, callbacks: [deny] }) }] });
  await expect(guarded.call('hello', { runtime })).rejects.toMatchObject({ code: 'guard/denied' });
});

test('what is wrong with a router is said where it is made', () => {
  const make = (options: unknown) => () => router(options as RouterOptions);
  expect(make({ models: [] })).toThrow(/models must be a list of deployments/);
  expect(make({ models: [{}] })).toThrow(/models\[0\] has no llm/);
  expect(make({ models: [{ llm: 'rehearsal', weight: 0 }] })).toThrow(/models\[0\].weight/);
  expect(make({ models: ['rehearsal'], strategy: 'best' })).toThrow(/strategy must be one of weighted/);
  expect(make({ models: ['openai'] })).toThrow(/provider\/model/);
  expect(make({ models: ['rehearsal'], breakAfter: 0 })).toThrow(/breakAfter/);
  const llm = new LLM({ model: 'rehearsal', fallback: ['rehearsal'] });
  expect(make({ models: [{ llm }] })).toThrow(/models\[0\].llm.fallback/);
});

/** Kept results: for whom, how long, and what is not kept. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createCore } from '../api/core.ts';
import {
  createRuntime,
  defineTool,
  guard,
  memoryCache,
  type ToolCacheOptions,
  type ToolContext,
  toolCache,
  withPolicy,
} from '../index.ts';
import { createGate, createManualClock, memoryJournal } from '../testing/index.ts';
import { calls, crewOf, endsOf, payTool, traceOf } from './tools.fixture.ts';

const twice = [calls('pay', { amount: 1 }), calls('pay', { amount: 1 }), 'done'];

test('the same use gives the same result; the tool does not run, and the event says so', async () => {
  const store = memoryCache();
  const { tool, paid } = payTool({ cache: toolCache({ store }) });
  const { crew } = crewOf([tool], [...twice.slice(0, 2), calls('pay', { amount: 2 }), 'done']);
  const run = crew.start();
  await run.result;
  expect(paid).toEqual([1, 2]);
  const ends = endsOf(await traceOf(run));
  expect(ends.map(({ result, cached }) => [result, cached])).toEqual([
    ['paid 1', undefined],
    ['paid 1', true],
    ['paid 2', undefined],
  ]);
  expect(store.stats()).toMatchObject({ hits: 1, misses: 2 });
});

/** How often the tool runs in two runs of the same uses. */
async function usesOf(
  options: ToolCacheOptions<never>,
  contexts: readonly unknown[] = [],
  isOneRuntime = true,
) {
  const { tool, paid } = payTool({ cache: toolCache(options) });
  const { crew } = crewOf([tool], [...twice, ...twice]);
  const runtimes = [createRuntime(), createRuntime()];
  for (const index of [0, 1]) {
    const runtime = runtimes[isOneRuntime ? 0 : index]!;
    await runtime.run(crew, { context: contexts[index] });
  }
  return paid.length;
}

test('a scope shares with nobody outside', async () => {
  expect(await usesOf({})).toBe(2);
  expect(await usesOf({ scope: 'run' })).toBe(2);
  expect(await usesOf({ scope: 'runtime' })).toBe(1);
  expect(await usesOf({ scope: 'runtime' }, [], false)).toBe(2);
  expect(await usesOf({ scope: 'fleet' }, [], false)).toBe(1);
});

test('runs with another context share nothing, unless a key says whose results are', async () => {
  const [one, other] = [{ tenant: 'a' }, { tenant: 'b' }];
  expect(await usesOf({ scope: 'runtime' }, [one, other])).toBe(2);
  expect(await usesOf({ scope: 'runtime' }, [one, { ...one }])).toBe(2);
  expect(await usesOf({ scope: 'runtime' }, [one, one])).toBe(1);
  expect(await usesOf({ scope: 'runtime' }, [undefined, one])).toBe(2);
  expect(await usesOf({ scope: 'fleet' }, [one, other])).toBe(2);
  const key = (_args: unknown, { context }: ToolContext<{ tenant: string }>) => context.tenant;
  expect(await usesOf({ scope: 'runtime', key }, [one, other])).toBe(2);
  expect(await usesOf({ scope: 'runtime', key }, [one, { ...one }])).toBe(1);
  expect(await usesOf({ scope: 'fleet', key }, [one, { ...one }], false)).toBe(1);
});

test('a key that is not JSON fails the use: it would be shared by all who have none', async () => {
  for (const key of [undefined, new Map([['tenant', 'a']]), Promise.resolve('a')]) {
    const { tool, paid } = payTool({ cache: toolCache({ scope: 'runtime', key: () => key as never }) });
    const run = crewOf([tool], twice).crew.start();
    await run.result;
    const ends = endsOf(await traceOf(run));
    expect(ends.map(({ error }) => error?.details)).toMatchObject([{ toolCode: 'bad-cache-key' }, {}]);
    expect(paid).toEqual([]);
  }
});

test('two tools of one name that share a cache share no result; a tool with another policy shares them', async () => {
  const cache = toolCache();
  const { tool, paid } = payTool({ cache });
  const { tool: second, paid: paidSecond } = payTool({ cache });
  const careful = { ...withPolicy(tool, { maxUses: 9 }), name: 'careful' };
  const both = [tool, { ...second, name: 'second' }, careful];
  const script = ['pay', 'second', 'careful', 'second'].map((name) => calls(name, { amount: 1 }));
  await crewOf(both, [...script, 'done']).crew.kickoff();
  expect([paid, paidSecond]).toEqual([[1], [1]]);
});

test('a failure is kept for nobody, and a result only where shouldCache says true', async () => {
  let uses = 0;
  const { tool } = payTool({
    cache: toolCache({
      shouldCache: (args, result) => (args as { amount: number }).amount > 1 && result !== 'use 4',
    }),
    execute: () => {
      uses++;
      if (uses === 1) throw new Error('broken');
      return `use ${uses}`;
    },
  });
  const script = [2, 2, 2, 1, 1, 3, 3].map((amount) => calls('pay', { amount }));
  const run = crewOf([tool], [...script, 'done']).crew.start();
  await run.result;
  expect(
    endsOf(await traceOf(run)).map(({ result, error }) => (error === null ? result : error.code)),
  ).toEqual(['tool/failed', 'use 2', 'use 2', 'use 3', 'use 4', 'use 5', 'use 5']);
});

test('a result is used for ttlMs by the clock of the runtime, and makes room by the bounds of its store', async () => {
  const clock = createManualClock();
  const runtime = { core: createCore({ clock }) };
  const { tool, paid } = payTool({ cache: toolCache({ scope: 'runtime', ttlMs: 1000 }) });
  const { crew } = crewOf([tool], [...twice, ...twice, ...twice]);
  await crew.kickoff({ runtime });
  await clock.advance(999);
  await crew.kickoff({ runtime });
  expect(paid.length).toBe(1);
  await clock.advance(1);
  await crew.kickoff({ runtime });
  expect(paid.length).toBe(2);
  const { tool: small, paid: paidSmall } = payTool({
    cache: toolCache({ store: memoryCache({ maxEntries: 1 }) }),
  });
  const script = [1, 2, 1].map((amount) => calls('pay', { amount }));
  await crewOf([small], [...script, 'done']).crew.kickoff();
  expect(paidSmall).toEqual([1, 2, 1]);
});

test('of 50 uses at once one works, whichever of them comes first (single flight)', async () => {
  const gate = createGate();
  let uses = 0;
  const { tool } = payTool({
    cache: toolCache({ scope: 'runtime' }),
    execute: async () => {
      uses++;
      await gate.pass();
      return 'once';
    },
  });
  const runtime = createRuntime();
  const ones = Array.from({ length: 50 }, () =>
    runtime.start(crewOf([tool], [calls('pay', { amount: 1 }), 'done']).crew),
  );
  await gate.reached;
  await new Promise((resolve) => setImmediate(resolve));
  gate.open();
  await Promise.all(ones.map(({ result }) => result));
  expect(uses).toBe(1);
  const ends = (await Promise.all(ones.map(traceOf))).flatMap(endsOf);
  expect(ends.filter(({ cached }) => cached).length).toBe(49);
});

test('the run that works is cancelled although its tool is deaf: one of those who waited works in its place', async () => {
  const first = createGate();
  let uses = 0;
  const { tool } = payTool({
    cache: toolCache({ scope: 'runtime' }),
    execute: () => (++uses === 1 ? first.pass() : `use ${uses}`),
  });
  const runtime = createRuntime();
  const start = () => runtime.start(crewOf([tool], [calls('pay', { amount: 1 }), 'done']).crew);
  const leaves = start();
  await first.reached;
  const stay = [start(), start()];
  await new Promise((resolve) => setImmediate(resolve));
  leaves.cancel('enough');
  await expect(leaves.result).rejects.toMatchObject({ code: 'run/cancelled' });
  await Promise.all(stay.map(({ result }) => result));
  const ends = (await Promise.all(stay.map(traceOf))).flatMap(endsOf);
  expect(ends.map(({ result }) => result)).toEqual(['use 2', 'use 2']);
  first.open();
  await expect.poll(() => leaves.audit().orphaned).toBe(0);
});

test('the first fails: those who waited for it work for themselves', async () => {
  const gate = createGate();
  let uses = 0;
  const { tool } = payTool({
    cache: toolCache({ scope: 'runtime' }),
    execute: async () => {
      if (++uses > 1) return `use ${uses}`;
      await gate.pass();
      throw new Error('broken');
    },
  });
  const runtime = createRuntime();
  const start = () => runtime.start(crewOf([tool], [calls('pay', { amount: 1 }), 'done']).crew);
  const runs = [start(), start(), start()];
  await gate.reached;
  await new Promise((resolve) => setImmediate(resolve));
  gate.open();
  await Promise.all(runs.map(({ result }) => result));
  const ends = (await Promise.all(runs.map(traceOf))).flatMap(endsOf);
  expect(ends.map(({ error, result }) => error?.code ?? result).sort()).toEqual([
    'tool/failed',
    'use 2',
    'use 3',
  ]);
});

test('guards decide before the cache is asked, and on what it gives; what is kept is what the tool said', async () => {
  let uses = 0;
  const { tool: secret } = payTool({ cache: toolCache(), execute: () => `account 4711, use ${++uses}` });
  const { crew, llm } = crewOf([secret], [...twice.slice(0, 2), calls('pay', { amount: 1 }), 'done']);
  let asked = 0;
  const third = guard('tool.before', () => {
    if (++asked === 3) throw new Error('enough');
    return undefined;
  });
  const redact = guard('tool.after', (subject) => ({
    ...subject,
    result: subject.result.replace('4711', `#${asked}`),
  }));
  await crew.kickoff({ callbacks: [third, redact] });
  const told = [1, 2, 3].map(
    (index) => (llm.requests[index]!.messages.at(-1) as { content: string }).content,
  );
  expect(told[0]).toBe('account #1, use 1');
  expect(told[1]).toBe('account #2, use 1');
  expect(told[2]).toContain('enough');
});

test('arguments that JSON cannot carry are told apart by what the model wrote', async () => {
  const seen: unknown[] = [];
  const tag = defineTool({
    name: 'tag',
    description: 'Tags.',
    input: z.object({ tags: z.array(z.string()) }),
    cache: toolCache(),
    execute: (args) => {
      seen.push(args);
      return 'tagged';
    },
  });
  // As a schema that makes a Set of what the model wrote.
  const parse = async (args: unknown) =>
    ({ isValid: true, value: { tags: new Set((args as { tags: string[] }).tags) } }) as const;
  const sets = withPolicy({ ...tag, parse }, {});
  await crewOf(
    [sets],
    [...['a', 'b', 'a'].map((one) => calls('tag', { tags: [one] })), 'done'],
  ).crew.kickoff();
  expect(seen).toEqual([{ tags: new Set(['a']) }, { tags: new Set(['b']) }]);
});

test('a run that is resumed gets its recorded result, not what is kept by now', async () => {
  const journal = memoryJournal();
  let uses = 0;
  const cache = toolCache({ scope: 'fleet' });
  const { tool } = payTool({ cache, execute: () => `use ${++uses}` });
  const script = [calls('pay', { amount: 1 }), { error: new Error('the model fell over') }, 'done'];
  const { crew, llm } = crewOf([tool], script);
  const run = crew.start({ journal });
  await expect(run.result).rejects.toThrow('the model fell over');
  const again = await crew.resume(run.id, { journal });
  await again.result;
  expect(endsOf(await traceOf(again))).toEqual([]); // neither used nor taken from what is kept
  expect(llm.requests[2]!.messages.at(-1)).toMatchObject({ role: 'tool', content: 'use 1' });
  expect(uses).toBe(1);
});

test('a store that fails makes no use fail; a file needs a named scope', async () => {
  const broken = {
    ...memoryCache(),
    read: () => Promise.reject(new Error('disk')),
    write: () => {
      throw new Error('disk');
    },
  };
  expect(await usesOf({ store: broken })).toBe(4);
  const file = { ...memoryCache(), outlivesRuntime: true };
  expect(() => toolCache({ store: file })).toThrow(/scope must be a name/);
  expect(() => toolCache({ ttlMs: 0, scope: ' ' })).toThrow(/ttlMs.*\n.*scope/);
  const cache = toolCache();
  expect(() => payTool({ cache, sideEffect: true })).toThrow(/cache and sideEffect/);
});

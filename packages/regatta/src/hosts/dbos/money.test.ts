/** Budgets over all workers, and durable handlers. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../index.ts';
import { Budgets, type Claim } from '../../stores/postgres-budgets.ts';
import { Database } from '../../stores/postgres-database.ts';
import { createGate } from '../../testing/index.ts';
import { holdRows } from '../../testing/postgres.fixture.ts';
import { fleetTests } from './fleet.fixture.ts';
import { dbosEngine } from './index.ts';
import { relay } from './relay.fixture.ts';
import { type Slot, slots } from './slots.fixture.ts';

const { open, server } = fleetTests();

function claims(count: number, rest: Partial<Claim> = {}): readonly Claim[] {
  return Array.from({ length: count }, (_, index) => {
    const key = `k${index}:attempt-1`;
    return { runId: 'run', key, budgets: ['a', '*'], model: 'm', tokens: 10, costNanoUsd: 0, ...rest };
  });
}

async function outcomes(work: readonly Promise<unknown>[]) {
  const settled = await Promise.allSettled(work);
  return settled.filter(({ status }) => status === 'fulfilled').length;
}

test('of many reservations at once from several processes, as many fit as the budget has room for', async () => {
  const connectionString = await server().database();
  const stores = [1, 2, 3].map(() => new Budgets(new Database({ connectionString })));
  const [first] = stores;
  await first!.set('a', { tokens: 500 });
  await first!.set('*', { calls: 70 });
  // All of them are to look before any of them has taken: whoever looks without waiting sees an empty budget.
  await using blocker = await holdRows(connectionString, 'regatta.budgets');
  const wishes = claims(60).flatMap((claim, index) =>
    stores.map((store, at) => store.reserve({ ...claim, key: `${at}.${index}:attempt-1` })),
  );
  const taken = outcomes(wishes);
  await blocker.untilWaiting(stores.length);
  await blocker.release();
  expect(await taken).toBe(50);
  expect((await first!.list()).map(({ name, used }) => [name, used.tokens, used.calls])).toEqual([
    ['*', 500, 50],
    ['a', 500, 50],
  ]);
  await first!.release('run');
  expect((await first!.list()).map(({ used }) => used.tokens)).toEqual([0, 0]);
});

test('one that does not fit keeps nobody behind it out, and takes from no budget', async () => {
  const connectionString = await server().database();
  const budgets = new Budgets(new Database({ connectionString }));
  await budgets.set('a', { tokens: 100 });
  await budgets.set('*', { usd: 1 });
  const [one] = claims(1);
  const asked = [90, 90, 5].map((tokens, index) => budgets.reserve({ ...one!, key: `${index}`, tokens }));
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  await expect(asked[1]).rejects.toMatchObject({
    code: 'budget/exceeded',
    details: { owner: 'tenant "a"', limit: 'tokens', max: 100, asked: 90 },
  });
  const unpriced = budgets.reserve({ ...one!, key: 'x', tokens: 1, costNanoUsd: null });
  await expect(unpriced).rejects.toMatchObject({ code: 'budget/unpriced' });
  expect((await budgets.list()).map(({ used }) => used.calls)).toEqual([2, 2]);
});

test("two workers never make more calls than a tenant's budget has, and what was really used is booked", async () => {
  const { fleet, engine } = await open();
  await engine.setBudget('poor', { calls: 20 });
  await Promise.all([fleet.start(), fleet.start()]);
  const order = (tenant: string, index: number) =>
    engine.enqueue(slots, { slot: `${tenant}/${index}` }, { tenant });
  const runs = await Promise.all(
    Array.from({ length: 50 }, (_, index) => order(index < 40 ? 'poor' : 'rich', index)),
  );
  const ends = await Promise.allSettled(runs.map((run) => run.result()));
  const codes = ends.map((end) => (end.status === 'fulfilled' ? 'done' : end.reason.code));
  expect(codes.filter((code) => code === 'done')).toHaveLength(30);
  expect(codes.filter((code) => code === 'budget/exceeded')).toHaveLength(20);
  const begun = fleet.lines<Slot>().filter(({ what, tenant }) => what === 'begin' && tenant === 'poor');
  expect(begun).toHaveLength(20);
  // Each call took 1 token in and 1 out, whatever was reserved for it.
  expect(await engine.budgets()).toMatchObject([
    { name: 'poor', calls: 20, used: { calls: 20, tokens: 40 } },
  ]);
}, 120_000);

test('a worker that dies with reservations leaves no more booked than what was asked of models', async () => {
  const { fleet, engine } = await open();
  await engine.setBudget('*', { tokens: 1_000_000 });
  const run = await engine.enqueue(relay, { port: 'port-0' });
  const settings = { failoverMs: 1_500 };
  const child = await fleet.start({ ...settings, dieAt: 4, phase: 'after' });
  if (child.signalCode === null) await once(child, 'exit');
  await fleet.start(settings);
  const { usage } = await run.result();
  const entries = usage.attempts;
  const [{ used } = { used: { calls: 0, tokens: 0 } }] = await engine.budgets();
  expect(used).toMatchObject({ calls: entries, tokens: usage.totalTokens });
}, 120_000);

test('a durable handler gets each event at least once, in the order of its run, and again after it failed', async () => {
  const { fleet, engine } = await open();
  const heard: string[] = [];
  const ids = new Map<string, number>();
  const opened = createGate();
  await using _delivery = await engine.deliver('audit', async (event: RunEvent, { deliveryId, attempt }) => {
    ids.set(deliveryId, (ids.get(deliveryId) ?? 0) + 1);
    if (event.type === 'model.start' && attempt === 1 && ids.get(deliveryId) === 1)
      throw new Error('not yet');
    heard.push(event.type);
    if (event.type === 'run.end') opened.open();
  });
  await fleet.start();
  const run = await engine.enqueue(slots, { slot: 'a/0' });
  await opened.pass();
  const told = [];
  for await (const { event } of run.events()) told.push(event.type);
  expect(heard).toEqual(told);
  expect([...ids.values()].sort()).toEqual([1, 1, 1, 1, 1, 1, 1, 2]);
  while ((await engine.failingDeliveries()).length > 0) await new Promise(setImmediate);
}, 60_000);

test('what a durable handler missed while nobody was there is delivered later; others see what fails', async () => {
  const { fleet, engine, connectionString } = await open();
  const first = await engine.deliver('billing', () => undefined);
  await first[Symbol.asyncDispose]();
  await fleet.start();
  const run = await engine.enqueue(slots, { slot: 'a/0' });
  await run.result();
  await using other = dbosEngine({ connectionString });
  const failed = createGate();
  const failing = await other.deliver('billing', () => {
    failed.open();
    throw new Error('no paper');
  });
  await failed.pass();
  await failing[Symbol.asyncDispose]();
  expect(await other.failingDeliveries()).toMatchObject([
    { handler: 'billing', runId: run.runId, problem: 'no paper' },
  ]);
  const done = createGate();
  const types: string[] = [];
  await using _again = await other.deliver(
    'billing',
    ({ type }) => {
      types.push(type);
      if (type === 'run.end') done.open();
    },
    { on: ['run.*'] },
  );
  await done.pass();
  expect(types).toEqual(['run.start', 'run.end']);
}, 60_000);

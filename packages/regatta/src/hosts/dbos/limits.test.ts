/** Limits hold over all workers, and a tenant with much to do keeps none with little from its turn. */
import pg from 'pg';
import { expect, test } from 'vitest';
import { fleetTests } from './fleet.fixture.ts';
import type { EnqueueOptions, QueueLimits } from './index.ts';
import { mostAtOnce, type Slot, slots } from './slots.fixture.ts';

const { open } = fleetTests();

async function openLimited(limits: QueueLimits) {
  const { fleet, engine, connectionString } = await open(limits);
  const order = async (count: number, options: EnqueueOptions & { readonly tenant: string }) =>
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        engine.enqueue(slots, { slot: `${options.tenant}/${index}` }, options),
      ),
    );
  return { fleet, order, connectionString, log: () => fleet.lines<Slot>() };
}

test.each([2, 4])(
  'with %i workers, limits of all runs and of each tenant are never passed',
  async (workers) => {
    const { fleet, order, log } = await openLimited({
      concurrency: 5,
      tenantConcurrency: 2,
      workerConcurrency: 4,
    });
    const runs = [
      ...(await order(12, { tenant: 'a' })),
      ...(await order(12, { tenant: 'b' })),
      ...(await order(6, { tenant: 'c' })),
    ];
    await Promise.all(Array.from({ length: workers }, () => fleet.start()));
    await Promise.all(runs.map((run) => run.result()));
    expect(log()).toHaveLength(60);
    expect(mostAtOnce(log(), () => 'all').all).toBeLessThanOrEqual(5);
    for (const most of Object.values(mostAtOnce(log(), ({ tenant }) => tenant)))
      expect(most).toBeLessThanOrEqual(2);
  },
  120_000,
);

test('runs of a queue are started at its rate, whoever starts them', async () => {
  const { fleet, order, connectionString } = await openLimited({ rate: { runs: 4, perMs: 1_000 } });
  const runs = await order(12, { tenant: 'a' });
  await Promise.all([fleet.start(), fleet.start()]);
  await Promise.all(runs.map((run) => run.result()));
  const sql = new pg.Client(connectionString);
  await sql.connect();
  const { rows } = await sql.query(
    'SELECT started_at_epoch_ms AS at FROM regatta_dbos.workflow_status ORDER BY 1',
  );
  await sql.end();
  const starts = rows.map(({ at }) => Number(at));
  for (const [index, at] of starts.slice(4).entries())
    expect(at - starts[index]!).toBeGreaterThanOrEqual(1_000);
}, 120_000);

test('the most urgent run of a tenant is the next', async () => {
  const { fleet, order, log } = await openLimited({ concurrency: 1, workerConcurrency: 1 });
  const runs = [
    ...(await order(1, { tenant: 'late', priority: 9 })),
    ...(await order(1, { tenant: 'soon', priority: 1 })),
    ...(await order(1, { tenant: 'now', priority: 0 })),
  ];
  await fleet.start();
  await Promise.all(runs.map((run) => run.result()));
  expect(log().flatMap(({ what, tenant }) => (what === 'begin' ? [tenant] : []))).toEqual([
    'now',
    'soon',
    'late',
  ]);
}, 120_000);

test.each([2, 4])(
  'with %i workers, a tenant with 1000 runs leaves a tenant with 5 its share',
  async (workers) => {
    const { fleet, order, log } = await openLimited({ concurrency: 4, tenantConcurrency: 2 });
    await order(1_000, { tenant: 'much' });
    const few = await order(5, { tenant: 'few' });
    await Promise.all(Array.from({ length: workers }, () => fleet.start()));
    await Promise.all(few.map((run) => run.result()));
    const ends = log().flatMap(({ what, tenant }) => (what === 'end' ? [tenant] : []));
    const before = ends.slice(0, ends.lastIndexOf('few')).filter((tenant) => tenant === 'much').length;
    expect(before).toBeLessThan(60); // in the order of their coming it would be 1000
  },
  120_000,
);

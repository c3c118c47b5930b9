/** Real workers on a real server, killed, stopped and cut off. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Budgets } from '../../stores/postgres-budgets.ts';
import { Database } from '../../stores/postgres-database.ts';
import { Fleet } from '../../stores/postgres-fleet.ts';
import { createGate } from '../../testing/index.ts';
import { keyOf } from './event-key.ts';
import { fleetTests, type ProcessOptions } from './fleet.fixture.ts';
import type { RemoteRun } from './index.ts';
import { relay } from './relay.fixture.ts';

/** Workers killed in one run of this test; more at night. */
const KILLS = Number(process.env.REGATTA_KILLS ?? 20);
/** Who gets no turn for three parts of five of it, on a busy machine, counts as dead. */
const FAILOVER_MS = 4_000;

const { open, server } = fleetTests();

/** With what it takes to order many runs. */
async function openRelay() {
  const opened = await open();
  const runs: RemoteRun[] = [];
  let ordered = 0;
  const order = async (count: number) => {
    for (let one = 0; one < count; one++) {
      const index = ordered++;
      runs[index] = await opened.engine.enqueue(relay, { port: `port-${index}` });
    }
  };
  return { ...opened, runs, order };
}

type Opened = Awaited<ReturnType<typeof openRelay>>;

/** What is told of each run, whatever became of its workers: ends that are no failure. */
const ENDS = { 'tool.end': 4, 'model.end': 3, 'agent.end': 2, 'task.end': 2, 'run.end': 1 };

/** Every run has its own result, the records say that nothing was done twice, and each end was told once. */
async function expectAllWell({ fleet, journal, runs }: Opened, mayRepeat = false) {
  const outputs = await Promise.all(runs.map((run) => run.result()));
  expect(outputs.map(({ tasks }) => tasks[0]!.text)).toEqual(
    runs.map((_, index) => `survey port-${index}: saw pier, saw buoy, saw mole, saw quay`),
  );
  for (const run of runs) {
    const found = await journal.read(run.runId);
    expect(fleet.check(found!, mayRepeat)).toEqual([]);
    const ends: Record<string, number> = {};
    for await (const { event } of run.events())
      if ('error' in event && event.error === null) ends[event.type] = (ends[event.type] ?? 0) + 1;
    expect([run.runId, ends]).toEqual([run.runId, ENDS]);
  }
}

test(`${KILLS} workers are killed at their records and at any moment: every run ends once, and nothing recorded is done again`, async () => {
  const opened = await openRelay();
  const { fleet, order } = opened;
  const settings = { failoverMs: FAILOVER_MS, maxRecoveries: 1_000 };
  let kills = 0;
  const lane = async () => {
    while (kills < KILLS) {
      const life = kills++;
      await order(2); // more than a life can do, so that each life ends before its runs do
      // At ascending records, half before one and half after it; each third at any moment. With both orders of completion.
      const dieAt = 1 + (life % 14) * 2;
      const phase = life % 2 === 0 ? ('before' as const) : ('after' as const);
      const death: ProcessOptions = life % 3 === 2 ? { dieAfterMs: Math.random() * 150 } : { dieAt, phase };
      const child = await fleet.start({ ...settings, ...death, paceMs: life % 2 === 0 ? 3 : -3 });
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  };
  await Promise.all([lane(), lane()]);
  await fleet.start(settings);
  await expectAllWell(opened);
}, 600_000);

test('a server that crashes under load and comes back: every run ends once, and nothing recorded is done again', async () => {
  const opened = await openRelay();
  const { fleet, engine, journal, runs, order } = opened;
  await engine.setRate('*', { requestsPerMinute: 100_000 }); // so that each call takes its place there, too
  const heard = new Map<string, string[]>();
  await engine.deliver('audit', (event) => {
    const [own, key] = [heard.get(event.runId) ?? [], keyOf(event)];
    heard.set(event.runId, own.includes(key) ? own : [...own, key]); // some come twice
  });
  const settings = { failoverMs: FAILOVER_MS, maxRecoveries: 1_000 };
  await fleet.start({ ...settings, paceMs: 20 });
  await fleet.start({ ...settings, paceMs: -20 });
  await fleet.start({ ...settings, dieAt: 10, phase: 'after' }); // its runs begin a second time elsewhere
  await order(30);
  for (const [part, how] of [
    [2, 'crash'],
    [16, 'shutdown'],
  ] as const) {
    while ((await journal.list({ status: 'succeeded' })).length < part) await new Promise(setImmediate);
    await server().crash(how);
    await server().start();
  }
  await expectAllWell(opened);
  for (const run of runs) {
    const told: string[] = [];
    for await (const { event } of run.events()) told.push(keyOf(event));
    while ((heard.get(run.runId)?.length ?? 0) < told.length) await new Promise(setImmediate);
    expect(heard.get(run.runId)).toEqual(told);
  }
}, 300_000);

test('a worker that is stopped past its lease and goes on writes nothing more: its runs are others’', async () => {
  const opened = await openRelay();
  const { fleet, engine, journal, order } = opened;
  const stopped = await fleet.start({ failoverMs: FAILOVER_MS, paceMs: 50 });
  await order(6);
  while ((await journal.list({ status: 'running' })).length < 6) await new Promise(setImmediate);
  stopped.kill('SIGSTOP');
  await fleet.start({ failoverMs: FAILOVER_MS });
  while ((await journal.list()).some(({ epoch }) => epoch < 2)) await new Promise(setImmediate);
  stopped.kill('SIGCONT');
  await expectAllWell(opened, true); // who is stopped in a call ends it when it goes on, and records nothing
  for (const { epoch, status } of await journal.list()) expect([epoch, status]).toEqual([2, 'succeeded']);
  expect(await engine.deadLetters()).toEqual([]);
}, 300_000);

test('of a run whose worker is killed as soon as its end is kept nothing is missed: readers and handlers have its last event', async () => {
  const { fleet, engine, runs, order, connectionString } = await openRelay();
  await engine.setBudget('*', { calls: 1_000 });
  const settings = { failoverMs: FAILOVER_MS };
  const heard: string[] = [];
  const last = createGate();
  await using _delivery = await engine.deliver('audit', ({ type }) => {
    heard.push(type);
    if (type === 'run.end') last.open();
  });
  const child = await fleet.start({ ...settings, dieAtEnd: true });
  await order(1);
  if (child.signalCode === null) await once(child, 'exit');
  const told = await Array.fromAsync(runs[0]!.events(), ({ event }) => event.type);
  expect(told.at(-1)).toBe('run.end');
  await last.pass();
  expect(heard).toEqual(told);
  const spent = await engine.budgets();
  const budgets = new Budgets(new Database({ connectionString }));
  const { runId } = runs[0]!;
  // As of a call that was cut short, and that its worker did not live to give back.
  await budgets.reserve({ runId, key: 'k', budgets: ['*'], model: 'm', tokens: 9, costNanoUsd: 0 });
  expect(await engine.budgets()).not.toEqual(spent);
  await fleet.start(settings); // which finds nothing else to do
  while ((await engine.active()).length > 0) await new Promise(setImmediate);
  expect(await engine.budgets()).toEqual(spent);
  expect(await engine.list()).toMatchObject([{ epoch: 1, status: 'succeeded' }]);
}, 60_000);

test('a worker that stands still before it makes its run, and finds it made by another, leaves it alone', async () => {
  const { fleet, engine, runs, order } = await openRelay();
  const settings = { failoverMs: FAILOVER_MS };
  const stopped = await fleet.start({ ...settings, stopAtRun: true });
  const stops = once(stopped, 'message');
  await order(1);
  await stops;
  await fleet.start({ ...settings, paceMs: 200 });
  while ((await engine.list()).length === 0) await new Promise(setImmediate);
  stopped.kill('SIGCONT');
  await expect(runs[0]!.result()).resolves.toMatchObject({ tasks: [{ task: 'survey' }, { task: 'report' }] });
  expect(await engine.list()).toMatchObject([{ epoch: 1, status: 'succeeded' }]); // nobody took it over
  expect(await engine.deadLetters()).toEqual([]);
}, 60_000);

test('a worker that is stopped while it looks for dead ones takes nothing from those who came meanwhile', async () => {
  const { fleet, engine, runs, order, connectionString } = await openRelay();
  const settings = { failoverMs: 10_000 };
  const stopped = await fleet.start({ ...settings, stopAtReap: true });
  await sleep(settings.failoverMs / 5); // as long as a look may take
  await fleet.start({ ...settings, paceMs: 500 });
  await order(1);
  while ((await engine.list()).length === 0) await new Promise(setImmediate);
  stopped.kill('SIGCONT');
  await runs[0]!.result();
  const database = new Database({ connectionString });
  expect(await new Fleet(database).isSuspect(runs[0]!.runId)).toBe(false); // it was taken from nobody
  await database.close();
  expect(await engine.list()).toMatchObject([{ epoch: 1, status: 'succeeded' }]);
}, 60_000);

/** Real workers on a real server, killed, stopped and cut off. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { fleetTests, type ProcessOptions } from './fleet.fixture.ts';
import type { RemoteRun } from './index.ts';
import { relay } from './relay.fixture.ts';

/** Workers killed in one run of this test; more at night. */
const KILLS = Number(process.env.REGATTA_KILLS ?? 20);
const FAILOVER_MS = 2_500;

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

/** Every run has its own result, and the records say that nothing was done twice. */
async function expectAllWell({ fleet, journal, runs }: Opened, mayRepeat = false) {
  const outputs = await Promise.all(runs.map((run) => run.result()));
  expect(outputs.map(({ tasks }) => tasks[0]!.text)).toEqual(
    runs.map((_, index) => `survey port-${index}: saw pier, saw buoy, saw mole, saw quay`),
  );
  for (const { runId } of runs) {
    const found = await journal.read(runId);
    expect(fleet.check(found!, mayRepeat)).toEqual([]);
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
  const { fleet, journal, order } = opened;
  await fleet.start({ failoverMs: FAILOVER_MS, maxRecoveries: 1_000, paceMs: 20 });
  await fleet.start({ failoverMs: FAILOVER_MS, maxRecoveries: 1_000, paceMs: -20 });
  await order(16);
  for (const part of [2, 8]) {
    while ((await journal.list({ status: 'succeeded' })).length < part) await new Promise(setImmediate);
    await server().crash();
    await server().start();
  }
  await expectAllWell(opened);
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

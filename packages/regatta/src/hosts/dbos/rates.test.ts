/** Requests and tokens a minute over workers that are processes, before a model server that counts. */
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { createGate } from '../../testing/index.ts';
import { holdRows } from '../../testing/postgres.fixture.ts';
import { asking, MAX_TOKENS, serveModel } from './asking.fixture.ts';
import { fleetTests } from './fleet.fixture.ts';
import { createWorker, dbosEngine } from './index.ts';
import { scripted } from './scripted.fixture.ts';

const { open } = fleetTests();

const MODEL = 'openai-compatible/tide';

async function openLined({ workerConcurrency = 10 } = {}) {
  const { connectionString, fleet, engine } = await open({ workerConcurrency });
  const sql = new pg.Client(connectionString);
  await sql.connect();
  onTestFinished(async () => await sql.end());
  const order = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => engine.enqueue(asking, { port: `port-${index}` })),
    );
  /** The places in the line: until when each is kept, by lane. */
  const line = async (): Promise<Readonly<Record<string, readonly [since: number, until: number]>>> =>
    Object.assign({}, ...(await sql.query('SELECT line FROM regatta.rates')).rows.map((row) => row.line));
  return {
    ...{ connectionString, fleet, engine, order },
    /** Until so many workers stand in line. */
    async inLine(count: number) {
      while (Object.keys(await line()).length !== count) await new Promise(setImmediate);
    },
    /** Until each of those in line has looked again, and found no room or had its turn. */
    async haveLooked() {
      const before = await line();
      const isNew = (now: Awaited<ReturnType<typeof line>>) =>
        Object.entries(before).every(
          ([lane, [, until]]) => (now[lane]?.[1] ?? Number.POSITIVE_INFINITY) > until,
        );
      while (!isNew(await line())) await new Promise(setImmediate);
    },
    /** As if a minute had passed since all that has begun. */
    minute: () => sql.query('UPDATE regatta.rates SET at = ARRAY (SELECT unnest(at) - 61)'),
  };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

test.each([2, 4])(
  '%i workers together ask a model as often as its rate says, and not once more',
  async (count) => {
    const { connectionString, fleet, engine, order, inLine, haveLooked, minute } = await openLined();
    await using model = await serveModel();
    await engine.setRate(MODEL, { requestsPerMinute: 10 });
    const runs = await order(40); // so that each worker has some
    // All workers are to look before any of them has taken.
    await using blocker = await holdRows(connectionString, 'regatta.rates');
    await Promise.all(Array.from({ length: count }, () => fleet.start({ env: model.env })));
    await blocker.untilWaiting(count);
    await blocker.release();
    for (const total of [10, 20, 30]) {
      await until(() => model.asked.length >= total);
      await haveLooked();
      expect(model.asked).toHaveLength(total);
      await minute();
    }
    await Promise.all(runs.map((run) => run.result()));
    expect(new Set(model.asked).size).toBe(40);
    expect(model.asked).toHaveLength(40);
    await inLine(0);
    const used = async () => (await engine.rates())[0]?.used;
    while ((await used())?.tokens !== 10 * 10) await new Promise(setImmediate); // what they took, not what they might have
    expect((await used())?.requests).toBe(10);
  },
  120_000,
);

test("what one worker's call did not need of its tokens is another's", async () => {
  const { fleet, engine, order, inLine, haveLooked } = await openLined({ workerConcurrency: 1 });
  const first = createGate();
  await using model = await serveModel(() => first.pass());
  await engine.setRate('*', { tokensPerMinute: 1.5 * MAX_TOKENS });
  const runs = await order(2);
  await Promise.all([fleet.start({ env: model.env }), fleet.start({ env: model.env })]);
  await first.reached;
  await inLine(1);
  await haveLooked();
  expect(model.asked).toHaveLength(1);
  first.open();
  await Promise.all(runs.map((run) => run.result()));
  expect((await engine.rates())[0]).toMatchObject({ used: { requests: 2 } });
}, 120_000);

test('a worker that dies in its call holds up the others for that minute, and no longer', async () => {
  const { fleet, engine, order, inLine, haveLooked, minute } = await openLined({ workerConcurrency: 2 });
  const first = createGate();
  let isFirst = true;
  await using model = await serveModel(async () => {
    if (!isFirst) return;
    isFirst = false;
    await first.pass(); // never opened
  });
  await engine.setRate(MODEL, { requestsPerMinute: 1 });
  const settings = { failoverMs: 1_500, env: model.env };
  const dying = await fleet.start(settings);
  const runs = await order(2);
  await first.reached;
  await inLine(1);
  dying.kill('SIGKILL');
  await fleet.start(settings);
  const wasTakenUp = async () => (await engine.list()).some(({ epoch }) => epoch > 1);
  while (!(await wasTakenUp())) await new Promise(setImmediate);
  await inLine(1); // the dead one's place is void
  await haveLooked();
  expect(model.asked).toHaveLength(1);
  await minute();
  await until(() => model.asked.length === 2);
  await haveLooked();
  expect(model.asked).toHaveLength(2);
  await minute();
  const outputs = await Promise.all(runs.map((run) => run.result()));
  expect(outputs.map(({ text }) => text)).toEqual(['high at port-0', 'high at port-1']);
  expect(model.asked).toHaveLength(3);
}, 120_000);

test('who waits for a rate leaves when cancelled, and at its deadline', async () => {
  const { fleet, engine, order, inLine } = await openLined();
  await using model = await serveModel();
  await engine.setRate('openai-compatible/*', { requestsPerMinute: 1 });
  await fleet.start({ env: model.env });
  const [first] = await order(1);
  await first!.result();
  const waiting = await engine.enqueue(asking, { port: 'cancelled' });
  await inLine(1);
  const late = await engine.enqueue(asking, { port: 'late' }, { deadline: Date.now() + 500 });
  await expect(late.result()).rejects.toMatchObject({ code: 'run/cancelled' });
  await waiting.cancel();
  await expect(waiting.result()).rejects.toMatchObject({ code: 'run/cancelled' });
  await inLine(0);
  expect(model.asked).toEqual(['port-0']);
}, 120_000);

test('a running worker learns of rates, tells of waiting, and refuses what never fits', async () => {
  const { engine, connectionString } = await openLined();
  await using worker = await createWorker({ connectionString, crews: [scripted], port: 0 });
  const ask = async (tenant: string) => await engine.enqueue(scripted, {}, { tenant });
  const used = async () => (await engine.rates())[0]?.used.requests ?? 0;
  await engine.setRate('scripted/*', { requestsPerMinute: 1 }, { tenant: 'slow' });
  while ((await used()) === 0) await (await ask('slow')).result();
  const waiting = await ask('slow');
  expect((await (await ask('fast')).result()).text).toBe('done');
  const read = async (path: string) => await (await fetch(`http://127.0.0.1:${worker.port}/${path}`)).text();
  while (!(await read('metrics')).includes('regatta_worker_calls_waiting 1\n'))
    await new Promise(setImmediate);
  expect(JSON.parse(await read('health'))).toMatchObject({ running: 1, waiting: 1 });
  await engine.setRate('scripted/*', { tokensPerMinute: 1 }, { tenant: 'slow' });
  await expect(waiting.result()).rejects.toMatchObject({
    code: 'limit/too-small',
    details: { owner: 'workers', tokensPerMinute: 1 },
  });
  expect(await read('metrics')).toMatch(/regatta_worker_rate_wait_seconds_total [\d.]*[1-9]/);
  await engine.setRate('scripted/*', null, { tenant: 'slow' });
  expect(await engine.rates()).toEqual([]);
}, 120_000);

test.each([
  ['gpt-*', { requestsPerMinute: 1 }, 'model'],
  ['', { requestsPerMinute: 1 }, 'model'],
  ['openai/*', {}, 'rate'],
  ['openai/*', { requestsPerMinute: 0 }, 'limits.requestsPerMinute'],
])('a rate of %j with %j is refused', async (model, rate, field) => {
  await using engine = dbosEngine({ connectionString: 'postgresql://127.0.0.1:1/x' });
  await expect(engine.setRate(model, rate)).rejects.toMatchObject({
    code: 'definition/invalid',
    details: { problems: [{ field }] },
  });
});

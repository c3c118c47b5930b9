import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { QueueClient } from '../../engines/dbos/client.ts';
import * as crews from '../../engines/threads/fixtures/crews.fixture.ts';
import { type Crew, crewRef, type RunEvent } from '../../index.ts';
import { checkTrace } from '../../testing/index.ts';
import { startPostgres, type TestPostgres } from '../../testing/postgres.fixture.ts';
import { createWorker, type DbosEngine, dbosEngine, type RemoteRun, type Worker } from './index.ts';
import * as people from './people.fixture.ts';

let server: TestPostgres;
let connectionString: string;
let worker: Worker;
let engine: DbosEngine;

beforeAll(async () => {
  server = await startPostgres();
  connectionString = await server.database();
  const all: readonly Crew[] = [crews.success, crews.streams, crews.foreignError, people.asks, people.sleeps];
  worker = await createWorker({ connectionString, crews: all });
  engine = dbosEngine({ connectionString });
}, 60_000);
afterAll(async () => {
  await worker?.close({ timeoutMs: 0 });
  await engine?.close();
  await server.stop();
});

async function eventsOf(run: RemoteRun, after?: string) {
  return await Array.fromAsync(run.events(after === undefined ? {} : { after }));
}

const types = (events: readonly { readonly event: RunEvent }[]) => events.map(({ event }) => event.type);

test('an ordered run is done by a worker, and its handle gives result, events, status and usage', async () => {
  const run = await engine.enqueue(crews.success, { topic: 'tides' });
  const events = await eventsOf(run);
  expect(await run.result()).toMatchObject({
    runId: run.runId,
    text: 'a report',
    usage: { calls: 3, costUsd: 0.00006 },
  });
  expect([types(events)[0], types(events).at(-1)]).toEqual(['run.start', 'run.end']);
  expect(checkTrace(events.map(({ event }) => event))).toEqual([]);
  expect(await run.status()).toBe('succeeded');
  expect((await engine.list({ runId: run.runId }))[0]).toMatchObject({
    name: 'success',
    status: 'succeeded',
  });
});

test('a reader goes on behind its cursor, whoever reads: nothing is missed, nothing is twice', async () => {
  const run = await engine.enqueue(crews.streams, {}, { stream: true });
  const first = [];
  for await (const one of run.events()) if (first.push(one) === 5) break;
  await using other = dbosEngine({ connectionString });
  const rest = await eventsOf(other.find(run.runId), first.at(-1)!.cursor);
  const all = await eventsOf(run);
  expect([...first, ...rest]).toEqual(all);
  expect(all.filter(({ event }) => event.type === 'model.delta')).toHaveLength(700);
});

test('a second order with the same key is the same run; the keys of tenants never meet', async () => {
  const key = { idempotencyKey: 'invoice 7' };
  const runs = await Promise.all([1, 2, 3].map(() => engine.enqueue(crews.success, { topic: 'a' }, key)));
  expect(new Set(runs.map(({ runId }) => runId)).size).toBe(1);
  const other = await engine.enqueue(crews.success, { topic: 'a' }, { ...key, tenant: 'other' });
  expect(other.runId).not.toBe(runs[0]!.runId);
  await Promise.all([...runs, other].map((run) => run.result()));
});

test('a run that failed fails for its handle with the same error', async () => {
  const run = await engine.enqueue(crews.foreignError);
  await expect(run.result()).rejects.toMatchObject({ code: 'run/failed' });
  expect(await run.status()).toBe('failed');
  const missing = await engine.enqueue(crews.success);
  await expect(missing.result()).rejects.toMatchObject({ code: 'inputs/missing' });
});

test("a run's own budget goes with it", async () => {
  const run = await engine.enqueue(crews.success, { topic: 'tides' }, { budget: { calls: 2 } });
  await expect(run.result()).rejects.toMatchObject({
    code: 'budget/exceeded',
    details: { owner: 'run', limit: 'calls', used: 2 },
  });
});

test('a run is cancelled where it is: under way, or waiting in its queue', async () => {
  const running = await engine.enqueue(people.sleeps);
  for await (const { event } of running.events()) if (event.type === 'model.start') break;
  await running.cancel();
  await expect(running.result()).rejects.toMatchObject({ code: 'run/cancelled' });
  expect(await running.status()).toBe('cancelled');
  const waiting = await engine.enqueue(people.sleeps, {}, { queue: 'nobody-is-here' });
  expect(await waiting.status()).toBe('queued');
  await waiting.cancel();
  await expect(waiting.result()).rejects.toMatchObject({ code: 'run/cancelled' });
  expect(await eventsOf(waiting)).toEqual([]);
});

test('a deadline ends a run, also one that begins too late', async () => {
  const late = await engine.enqueue(people.sleeps, {}, { deadline: new Date(Date.now() - 1) });
  const soon = await engine.enqueue(people.sleeps, {}, { deadline: Date.now() + 1_500 });
  for (const run of [late, soon]) {
    await expect(run.result()).rejects.toMatchObject({ code: 'run/cancelled', message: /deadline/ });
  }
});

test('a run that waits for a person holds no place, and goes on wherever the answer comes from', async () => {
  const run = await engine.enqueue(people.asks);
  for await (const { event } of run.events())
    if (event.type === 'run.end') throw new Error('it ended');
    else if (event.type === 'input.start') break;
  while ((await run.status()) !== 'suspended') await new Promise(setImmediate);
  while (worker.running > 0) await new Promise(setImmediate);
  const [request] = await run.pendingInputs();
  expect(request).toMatchObject({ kind: 'question', question: 'Which port?' });
  await using other = dbosEngine({ connectionString });
  await other.find(run.runId).respond(request!.token, { text: 'Brest' });
  expect((await run.result()).text).toBe('to Brest');
  await expect(run.respond(request!.token, { text: 'Quimper' })).rejects.toMatchObject({
    code: 'input/unknown-token',
  });
  const told = types(await eventsOf(run));
  expect(told.filter((type) => type === 'input.start')).toHaveLength(1);
  expect(told.filter((type) => type === 'model.end')).toHaveLength(2);
});

test('a crew that no worker knows is put aside with the reason, and has another chance', async () => {
  const run = await engine.enqueue(crewRef({ name: 'nowhere', module: import.meta.url, export: 'none' }));
  await expect(run.result()).rejects.toMatchObject({ code: 'engine/no-module' });
  expect(await run.status()).toBe('dead-letter');
  expect(await engine.deadLetters()).toMatchObject([{ runId: run.runId, code: 'engine/no-module' }]);
  await engine.requeue(run.runId);
  await expect(run.result()).rejects.toMatchObject({ code: 'engine/no-module' });
  await expect(engine.requeue('unheard-of')).rejects.toMatchObject({ code: 'engine/unknown-run' });
  const breaks = vi.spyOn(QueueClient.prototype, 'enqueue').mockRejectedValueOnce(new Error('It breaks.'));
  onTestFinished(() => breaks.mockRestore());
  await expect(engine.requeue(run.runId)).rejects.toThrow('It breaks.');
  expect(await engine.deadLetters()).toMatchObject([{ runId: run.runId }]); // not lost between the two
});

test('what cannot be is an error that says so', async () => {
  const { ref: _, ...noRef } = crews.success;
  await expect(engine.enqueue({ ...noRef, ref: undefined })).rejects.toMatchObject({ code: 'engine/no-ref' });
  await expect(engine.find('unheard-of').result()).rejects.toMatchObject({ code: 'engine/unknown-run' });
  await expect(engine.enqueue(crews.success, {}, { priority: -1 })).rejects.toMatchObject({
    code: 'definition/invalid',
  });
  await expect(createWorker({ connectionString, crews: [] })).rejects.toMatchObject({
    code: 'engine/in-use',
  });
  const nobody = dbosEngine({ connectionString: 'postgresql://postgres:x@127.0.0.1:1/x' });
  await expect(nobody.enqueue(crews.success)).rejects.toMatchObject({ code: 'postgres/unreachable' });
  await nobody.close();
});

test('a schedule orders runs by itself', async () => {
  await engine.schedule('nightly', { cron: '0 3 * * *', crew: crews.success, inputs: { topic: 'tides' } });
  expect(await engine.schedules()).toMatchObject([{ name: 'nightly', cron: '0 3 * * *' }]);
  const run = await engine.trigger('nightly');
  expect((await run.result()).text).toBe('a report');
  await engine.unschedule('nightly');
  expect(await engine.schedules()).toEqual([]);
});

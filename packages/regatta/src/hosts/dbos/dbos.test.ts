import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres, type TestPostgres } from '../../testing/postgres.fixture.ts';
import * as crews from '../../engines/threads/fixtures/crews.fixture.ts';
import { createWorker, dbosEngine, type DbosEngine, type Worker } from './index.ts';

let server: TestPostgres;
let worker: Worker;
let engine: DbosEngine;
const log: string[] = [];

beforeAll(async () => {
  server = await startPostgres();
  const connectionString = await server.database();
  const modules = Object.fromEntries(
    Object.values(crews).flatMap((crew) =>
      typeof crew === 'object' && 'ref' in crew && crew.ref ? [[crew.ref.name, crew.ref.module]] : [],
    ),
  );
  const onLog = (line: string) => void log.push(line);
  worker = await createWorker({ connectionString, modules, onLog });
  engine = dbosEngine({ connectionString, onLog });
});
afterAll(async () => {
  await worker?.close();
  await engine?.close();
  await server.stop();
});

test('an ordered run is done by a worker, and its handle gives result, events and status', async () => {
  const run = await engine.enqueue(crews.success, { topic: 'tides' });
  const events: string[] = [];
  for await (const { event } of run.events()) events.push(event.type);
  const output = await run.result();
  expect(output).toMatchObject({ runId: run.runId, text: 'a report', usage: { calls: 3, costUsd: 0.00006 } });
  expect([events[0], events.at(-1)]).toEqual(['run.start', 'run.end']);
  expect(await run.status()).toBe('succeeded');
  console.log(log, events.length);
});

/** Durable callbacks: of runtimes and workers, by processes that are killed and that share their work. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { callback, createRuntime, type RunEvent } from '../../index.ts';
import { createGate } from '../../testing/index.ts';
import type { Heard } from './durable.fixture.ts';
import { fleetTests, linesOf } from './fleet.fixture.ts';
import { createWorker, dbosEngine, type RemoteRun } from './index.ts';
import { scripted } from './scripted.fixture.ts';
import { slots } from './slots.fixture.ts';

const { open } = fleetTests();

async function openHeard() {
  const { connectionString, fleet, engine } = await open();
  const file = join(fleet.folder, 'heard.jsonl');
  writeFileSync(file, '');
  const handlers: ChildProcess[] = [];
  onTestFinished(() => {
    for (const child of handlers) child.kill('SIGKILL');
  });
  const heard = (): readonly Heard[] => linesOf(file);
  return {
    ...{ connectionString, fleet, engine, heard },
    /** A process that handles, once its callback is known. */
    async handler({ waitAt = '', dieAt = '' } = {}): Promise<ChildProcess> {
      const path = fileURLToPath(new URL('./durable.fixture.ts', import.meta.url));
      const child = fork(path, [connectionString, file, waitAt, dieAt], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        execArgv: ['--no-deprecation'],
      });
      handlers.push(child);
      await once(child, 'message');
      return child;
    },
    async until(isSo: (all: readonly Heard[]) => boolean) {
      while (!isSo(heard())) await new Promise(setImmediate);
    },
    /** As if those who have taken runs' events had had their time with them. */
    async minute() {
      const sql = new pg.Client(connectionString);
      await sql.connect();
      await sql.query("UPDATE regatta.outbox SET not_before = '-infinity'");
      await sql.end();
    },
  };
}

/** Ids of all that was told of a run, in order. */
async function toldOf(run: RemoteRun): Promise<readonly string[]> {
  const told: string[] = [];
  for await (const { event } of run.events()) told.push(String(event.id));
  return told;
}

const ended = (all: readonly Heard[]) => all.filter(({ type }) => type === 'run.end').length;

test('what a killed process handled and did not mark is delivered again, under the same id', async () => {
  const { fleet, engine, heard, handler, until, minute } = await openHeard();
  const dying = await handler({ dieAt: 'model.end' });
  await fleet.start();
  const run = await engine.enqueue(slots, { slot: 'a/0' });
  if (dying.signalCode === null) await once(dying, 'exit');
  expect(dying.signalCode).toBe('SIGKILL');
  const told = await toldOf(run);
  await handler();
  await minute();
  await until((all) => ended(all) > 0);
  const [before, after] = [true, false].map((isFirst) => heard().filter(({ pid }) => (pid === dying.pid) === isFirst)); // biome-ignore format: short
  const last = before!.at(-1)!;
  expect(last.type).toBe('model.end');
  expect(before!.map(({ id }) => id)).toEqual(told.slice(0, before!.length));
  expect(after!.map(({ id }) => id)).toEqual(told.slice(-after!.length));
  expect(after!.find(({ id }) => id === last.id)?.deliveryId).toBe(last.deliveryId);
  const ids = new Map(heard().map(({ id, deliveryId }) => [id, deliveryId]));
  expect([...ids.keys()]).toEqual(told);
  expect(new Set(ids.values()).size).toBe(told.length);
}, 120_000);

test('processes of the same name share the work: each event of each run comes once, and in order', async () => {
  const { fleet, engine, heard, handler, until } = await openHeard();
  await fleet.start();
  const held = await handler({ waitAt: 'run.start' });
  const first = await engine.enqueue(slots, { slot: 'a/0' });
  await until((all) => all.length === 1);
  const free = await handler();
  const second = await engine.enqueue(slots, { slot: 'a/1' });
  await until((all) => ended(all) === 1); // by the other one, while the first one is at it
  const pidsOf = ({ runId }: RemoteRun) => heard().flatMap((one) => (one.runId === runId ? [one.pid] : []));
  expect(new Set(pidsOf(second))).toEqual(new Set([free.pid]));
  expect(pidsOf(first)).toEqual([held.pid]); // nobody goes past the event that is held
  held.send('go');
  await until((all) => ended(all) === 2);
  const more = await Promise.all(
    Array.from({ length: 20 }, (_, index) => engine.enqueue(slots, { slot: `b/${index}` })),
  );
  const go = setInterval(() => held.send('go'), 10);
  onTestFinished(() => clearInterval(go));
  await until((all) => ended(all) === 22);
  for (const run of [first, second, ...more]) {
    const own = heard().filter(({ runId }) => runId === run.runId);
    expect(own.map(({ id }) => id)).toEqual(await toldOf(run));
  }
}, 120_000);

test("a worker's runtime may have them: from its first run on, each heard once all of it is kept", async () => {
  const { engine, connectionString } = await openHeard();
  const gate = createGate();
  const heard: string[] = [];
  const audit = callback(
    (event: RunEvent) => {
      heard.push(event.id);
      if (event.type === 'run.end') gate.open();
    },
    { durable: true, name: 'audit' },
  );
  await using _worker = await createWorker({
    connectionString,
    crews: [scripted],
    runtime: { callbacks: [audit] },
  });
  const run = await engine.enqueue(scripted);
  await gate.pass();
  expect(heard).toEqual(await toldOf(run));
}, 60_000);

test('one that fails, and one that never settles, are tried again; others of the runtime do not wait', async () => {
  const { fleet, connectionString } = await openHeard();
  const [failed, hung, well] = [createGate(), createGate(), createGate()];
  const attempts: number[] = [];
  const failing = callback(
    ({ type }: RunEvent, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error('no paper');
      if (type === 'run.end') failed.open();
    },
    { durable: true, name: 'failing', on: ['task.end', 'run.end'] },
  );
  const hanging = callback(
    async ({ type }: RunEvent, { attempt }) => {
      if (type === 'run.start' && attempt === 1) await new Promise(() => undefined);
      if (type === 'run.end') hung.open();
    },
    { durable: true, name: 'hanging', timeoutMs: 50 },
  );
  const fine = callback(({ type }: RunEvent) => void (type === 'run.end' && well.open()), {
    durable: true,
    name: 'fine',
  });
  const more = [1, 2, 3, 4].map((n) => callback(() => undefined, { durable: true, name: `more ${n}` }));
  // More callbacks than the engine has connections: none of them keeps one.
  const runtime = createRuntime({
    engine: dbosEngine({ connectionString }),
    callbacks: [failing, hanging, fine, ...more],
  });
  await fleet.start();
  const { text } = await runtime.run(slots, { inputs: { slot: 'a/0' } });
  expect(text).toBe('done');
  await Promise.all([failed.pass(), hung.pass(), well.pass()]);
  expect(attempts).toEqual([1, 2, 3, 1, 2, 3]); // of one event, then of the other
  await runtime.close();
}, 60_000);

/** What an operator sees and does: drain, health, metrics, dead letters, stuck runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DBOSClient } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { runCli } from '../../cli/fixtures/process.fixture.ts';
import { fleetTests, type TestFleet } from './fleet.fixture.ts';
import { createWorker } from './index.ts';
import { asks } from './people.fixture.ts';
import { fatal, type Slot, slots } from './slots.fixture.ts';

const { open } = fleetTests();

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `regatta worker` as people start it; `line` waits for a line of its stderr. */
function startCommand(args: readonly string[], env: NodeJS.ProcessEnv) {
  const node = ['--no-deprecation', '--conditions=@regatta/source', source('../../cli/main.ts')];
  const child = spawn(process.execPath, [...node, 'worker', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  const line = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(text);
      if (found !== null) return found;
      if (child.exitCode !== null) throw new Error(`it has ended: ${text}`);
      await Promise.race([once(child.stderr, 'data'), once(child, 'exit')]);
    }
  };
  child.stderr.on('data', (chunk) => {
    text += String(chunk);
  });
  return { child, line, exit: once(child, 'exit') };
}

const hasBegun = async (fleet: TestFleet) => {
  while (!fleet.lines<Slot>().some(({ what }) => what === 'begin')) await new Promise(setImmediate);
};

test('the command does runs, answers operators, and at SIGTERM ends what it has begun', async () => {
  const { fleet, engine, connectionString } = await open();
  const env = fleet.envOf({ REGATTA_DATABASE_URL: connectionString, REGATTA_TEST_STAY_MS: '700' });
  const args = ['--module', `slots=${source('./slots.fixture.ts')}`, '--concurrency', '1', '--port', '0'];
  const { child, line, exit } = startCommand(args, env);
  const [, port] = await line(/metrics on port (\d+)/);
  const [first, second] = await Promise.all([
    engine.enqueue(slots, { slot: 'a/0' }),
    engine.enqueue(slots, { slot: 'a/1' }),
  ]);
  await hasBegun(fleet);
  const health = await fetch(`http://127.0.0.1:${port}/health`);
  expect([health.status, await health.json()]).toMatchObject([200, { status: 'ok', running: 1 }]);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics).toContain('# TYPE regatta_worker_runs gauge\nregatta_worker_runs 1\n');
  expect(metrics).toContain('regatta_runs{status="running"} 1\n');
  child.kill('SIGTERM');
  await line(/SIGTERM: no more runs are taken, 1 under way/);
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(503);
  expect(await exit).toEqual([0, null]);
  const statuses = await Promise.all([first!.status(), second!.status()]);
  expect(statuses.sort()).toEqual(['queued', 'succeeded']); // ended, not cut off; and nothing new was taken
  expect(await engine.workers()).toEqual([]);
}, 60_000);

test('what does not end in time goes on at another worker, and no record is made twice', async () => {
  const { fleet, engine, connectionString } = await open();
  const env = fleet.envOf({ REGATTA_DATABASE_URL: connectionString, REGATTA_TEST_STAY_MS: '600000' });
  const args = ['--module', `slots=${source('./slots.fixture.ts')}`, '--drain-ms', '100'];
  const { child, line, exit } = startCommand(args, env);
  await line(/takes runs/);
  const run = await engine.enqueue(slots, { slot: 'a/0' });
  await hasBegun(fleet);
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
  await fleet.start({ failoverMs: 1_500 });
  expect((await run.result()).text).toBe('done');
  expect((await engine.list())[0]).toMatchObject({ epoch: 3, status: 'succeeded' }); // given up once, taken once
}, 60_000);

test('the command says what it lacks', async () => {
  for (const [args, message] of [
    [[], /error cli\/bad-option: A worker needs a database/],
    [['--database', 'postgresql://x:secret@127.0.0.1:1/x'], /error postgres\/unreachable/],
    [['--database', 'x', '--module', 'slots'], /error cli\/bad-option: --module must be NAME=PATH/],
  ] as const) {
    const { line, exit } = startCommand(args, { ...process.env, REGATTA_DATABASE_URL: undefined });
    const [found] = await line(message).catch((error: Error) => [error.message]);
    expect(found).toMatch(message);
    expect(found).not.toContain('secret');
    expect((await exit)[0]).not.toBe(0);
  }
}, 60_000);

test('a run that takes each worker with it is put aside with the reason, and can have another chance', async () => {
  const { fleet, engine } = await open();
  const run = await engine.enqueue(fatal, { slot: 'a/0' });
  const well = await engine.enqueue(slots, { slot: 'b/0' });
  const settings = { failoverMs: 1_000, maxRecoveries: 1 };
  const dead: ChildProcess[] = [];
  for (let life = 0; life < 2; life++) {
    const child = await fleet.start(settings);
    if (child.signalCode === null) await once(child, 'exit');
    dead.push(child);
  }
  expect(dead.map(({ signalCode }) => signalCode)).toEqual(['SIGKILL', 'SIGKILL']);
  await fleet.start({ ...settings, env: { REGATTA_TEST_HARMLESS: '1' } });
  await expect(run.result()).rejects.toMatchObject({ code: 'run/worker-lost' });
  expect(await engine.deadLetters()).toMatchObject([{ runId: run.runId, code: 'run/worker-lost' }]);
  expect((await well.result()).text).toBe('done');
  await engine.requeue(run.runId);
  expect((await run.result()).text).toBe('done');
  expect(await engine.deadLetters()).toEqual([]);
}, 60_000);

test('a worker that is taken for dead and gets its own run again goes on with it, and is not done before', async () => {
  const { engine, connectionString, fleet } = await open();
  const worker = await fleet.start({ env: { REGATTA_TEST_STAY_MS: '2500' } });
  const run = await engine.enqueue(slots, { slot: 'a/0' });
  await hasBegun(fleet);
  const client = await DBOSClient.create({
    systemDatabaseUrl: connectionString,
    systemDatabaseSchemaName: 'regatta_dbos',
  });
  await client.resumeWorkflow(run.runId, { queueName: 'default' });
  const done = run.result();
  const early: string[] = [];
  while (!fleet.lines<Slot>().some(({ what }) => what === 'end')) {
    const { status } = (await client.getWorkflow(run.runId)) ?? {};
    if (!fleet.lines<Slot>().some(({ what }) => what === 'end')) early.push(String(status));
  }
  expect(early).toContain('PENDING');
  expect(early).not.toContain('SUCCESS');
  expect((await done).text).toBe('done');
  expect(fleet.lines<Slot>()).toHaveLength(2);
  while ((await client.getWorkflow(run.runId))?.status !== 'SUCCESS') await new Promise(setImmediate);
  await client.destroy();
  worker.kill('SIGKILL');
}, 60_000);

test('sixteen workers may start on an empty database at once', async () => {
  const { fleet, engine, connectionString } = await open(null);
  const children = await Promise.all(Array.from({ length: 16 }, () => fleet.start({ connections: 2 })));
  expect(children.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual(
    children.map(() => null),
  );
  expect(await engine.workers()).toHaveLength(16);
  const runs = await Promise.all(
    Array.from({ length: 16 }, (_, index) => engine.enqueue(slots, { slot: `a/${index}` })),
  );
  await Promise.all(runs.map((run) => run.result()));
  const sql = new pg.Client(connectionString);
  await sql.connect();
  expect((await sql.query('SELECT count(*)::int AS versions FROM regatta.version')).rows).toEqual([
    { versions: 1 },
  ]);
  await sql.end();
}, 120_000);

test('a person answers from the command line, and a worker goes on', async () => {
  const { engine, connectionString } = await open();
  const worker = await createWorker({ connectionString, crews: [asks] });
  onTestFinished(async () => await worker.close({ timeoutMs: 0 }));
  const run = await engine.enqueue(asks);
  while ((await run.status()) !== 'suspended') await new Promise(setImmediate);
  const [request] = await run.pendingInputs();
  const args = ['runs', 'respond', request!.token, '{"text":"Brest"}'];
  const done = await runCli(args, { env: { REGATTA_DATABASE_URL: connectionString } });
  expect([done.code, done.stderr]).toEqual([0, '']);
  expect((await run.result()).text).toBe('to Brest');
}, 60_000);

test('a run of which nothing is heard is found', async () => {
  const { fleet, engine, connectionString } = await open();
  const worker = await createWorker({ connectionString, crews: [slots], port: 0 });
  process.env.REGATTA_TEST_STAY_MS = '600000';
  const run = await engine.enqueue(slots, { slot: 'a/0' });
  while ((await engine.stuck({ olderThanMs: 0 })).length === 0) await new Promise(setImmediate);
  expect(await engine.stuck({ olderThanMs: 0 })).toMatchObject([{ runId: run.runId }]);
  expect(await engine.stuck()).toEqual([]);
  expect(fleet.uses).toEqual([]);
  await worker.close({ timeoutMs: 0 });
  const taken = createWorker({ connectionString, crews: [], port: 70_000 });
  await expect(taken).rejects.toMatchObject({ code: 'definition/invalid' });
  delete process.env.REGATTA_TEST_STAY_MS;
}, 60_000);

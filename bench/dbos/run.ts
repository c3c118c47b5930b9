/**
 * What durable runs cost: `npm run bench:dbos [-- --quick]`. Prints tables.
 *
 * A real PostgreSQL that waits for the disk, on the same machine as everything else: ratios inside one
 * run are the result.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DBOSClient } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import { createRuntime, type Journal, type RateLimits, sqliteJournal } from 'regatta';
import { dbosEngine } from 'regatta/dbos';
import { postgresJournal } from 'regatta/postgres';
import { startPostgres } from '../../packages/regatta/src/testing/postgres.fixture.ts';
import { job, STEPS } from './job.ts';

const AT_ONCE = 50;
const inputs = { topic: 'tides' };

interface Figures {
  readonly runsPerSecond: number;
  /** By the server's count; null where there is none. */
  readonly commitsPerRun: number | null;
  readonly walBytesPerRun: number | null;
  readonly tableBytesPerRun: number | null;
}

const server = await startPostgres({ durable: true });
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const runs = values.quick ? 200 : 1_000;
const rounds = values.quick ? 1 : 3;
const folder = mkdtempSync(join(tmpdir(), 'regatta-bench-'));

const contestants: Readonly<Record<string, () => Promise<Figures>>> = {
  'local, no journal': () => local(undefined),
  'local, SQLite journal': () => local(sqliteJournal({ path: join(folder, `${Date.now()}.db`) })),
  'local, PostgreSQL journal': async () => {
    const connectionString = await server.database();
    return await local(postgresJournal({ connectionString }), connectionString);
  },
  'dbos engine, 1 worker': () => ours(1),
  'dbos engine, 2 workers': () => ours(2),
  'dbos engine, 4 workers': () => ours(4),
  'dbos engine, 2 workers, a rate for all': () => ours(2, { requestsPerMinute: 1_000_000 }),
  'plain DBOS, 1 worker': () => plain(1),
};

console.log(
  `Node ${process.version}, ${availableParallelism()} cores, ${runs} runs of ${STEPS} steps, best of ${rounds}\n`,
);
console.log(
  '| | runs/s | steps/s | of plain DBOS | commits a run | commits a step | WAL bytes a run | table bytes a run |',
);
console.log('|---|---|---|---|---|---|---|---|');
const best = new Map<string, Figures>();
for (let round = 0; round < rounds; round++) {
  for (const [name, measure] of Object.entries(contestants)) {
    const figures = await measure();
    if (figures.runsPerSecond > (best.get(name)?.runsPerSecond ?? 0)) best.set(name, figures);
  }
}
const base = best.get('plain DBOS, 1 worker')?.runsPerSecond ?? Number.NaN;
const show = (value: number | null, digits = 0): string => (value === null ? '' : value.toFixed(digits));
for (const [name, { runsPerSecond, commitsPerRun, walBytesPerRun, tableBytesPerRun }] of best) {
  const cells = [
    ...[show(runsPerSecond), show(runsPerSecond * STEPS), show(runsPerSecond / base, 2)],
    ...[show(commitsPerRun, 2), show(commitsPerRun && commitsPerRun / STEPS, 2)],
    ...[show(walBytesPerRun), show(tableBytesPerRun)],
  ];
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}
await resumes();
await server.stop();
rmSync(folder, { recursive: true, force: true });

async function local(journal: Journal | undefined, connectionString?: string): Promise<Figures> {
  await using runtime = createRuntime(journal === undefined ? {} : { journal });
  await runtime.run(job, { inputs }); // opens what is opened on first use
  return await measured(connectionString, async () => {
    await inLanes(() => runtime.run(job, { inputs }));
    await journal?.close(); // a connection tells the server's count when it ends
  });
}

async function ours(workers: number, rate: RateLimits | null = null): Promise<Figures> {
  const connectionString = await server.database();
  const children = await start('ours', workers, connectionString);
  await using engine = dbosEngine({ connectionString });
  await engine.setQueue('default', { workerConcurrency: AT_ONCE, pollMs: 20 });
  await engine.setRate('*', rate);
  await (await engine.enqueue(job, inputs)).result();
  await new Promise((resolve) => setTimeout(resolve, 2_000)); // until workers know the limits
  const figures = await measured(connectionString, () =>
    inLanes(async () => await (await engine.enqueue(job, inputs)).result()),
  );
  await stop(children);
  return figures;
}

async function plain(workers: number): Promise<Figures> {
  const connectionString = await server.database();
  const children = await start('plain', workers, connectionString);
  const options = { systemDatabaseUrl: connectionString, systemDatabaseSchemaName: 'plain' };
  const quiet = {
    info: () => undefined,
    debug: () => undefined,
    warn: () => undefined,
    error: console.error,
  };
  const client = await DBOSClient.create({ ...options, applicationName: 'plain', logger: quiet });
  const one = async () => {
    const handle = await client.enqueue({ queueName: 'plain', workflowName: 'job', appVersion: '1' }, inputs);
    await handle.getResult({ pollingIntervalMs: 100 });
  };
  await one();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const figures = await measured(connectionString, () => inLanes(one));
  await client.destroy();
  await stop(children);
  return figures;
}

/** Four times as many ordered at once as one worker does at once, so that queues are never empty. */
async function inLanes(one: () => Promise<unknown>): Promise<void> {
  let left = runs;
  const lane = async () => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: AT_ONCE * 4 }, lane));
}

async function measured(connectionString: string | undefined, work: () => Promise<void>): Promise<Figures> {
  const before = connectionString === undefined ? undefined : await countsOf(connectionString);
  const startedAt = performance.now();
  await work();
  const runsPerSecond = (runs * 1_000) / (performance.now() - startedAt);
  if (connectionString === undefined || before === undefined) {
    return { runsPerSecond, commitsPerRun: null, walBytesPerRun: null, tableBytesPerRun: null };
  }
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // the server counts with some delay
  const after = await countsOf(connectionString);
  const per = (key: keyof typeof after): number => (after[key] - before[key]) / runs;
  return {
    runsPerSecond,
    commitsPerRun: per('commits'),
    walBytesPerRun: per('wal'),
    tableBytesPerRun: per('tables'),
  };
}

async function countsOf(connectionString: string) {
  const sql = new pg.Client(connectionString);
  await sql.connect();
  const { rows } = await sql.query(`
    SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()) AS commits,
      pg_current_wal_lsn() - '0/0' AS wal,
      (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname IN ('regatta', 'regatta_dbos', 'plain')) AS tables`);
  await sql.end();
  const [{ commits, wal, tables }] = rows;
  return { commits: Number(commits), wal: Number(wal), tables: Number(tables) };
}

async function start(kind: 'ours' | 'plain', count: number, connectionString: string) {
  const file = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const children: ChildProcess[] = [];
  for (let one = 0; one < count; one++) {
    const child = fork(file, [kind, connectionString], {
      execArgv: ['--conditions=@regatta/source', '--no-deprecation'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    children.push(child);
  }
  return children;
}

async function stop(children: readonly ChildProcess[]): Promise<void> {
  const gone = children.map((child) => once(child, 'exit'));
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(gone);
}

/** What it costs to take up a run again, by how much it has recorded. */
async function resumes(): Promise<void> {
  const connectionString = await server.database();
  const journal = postgresJournal({ connectionString });
  console.log('\n| records of a run | ms to claim and read them | µs a record |\n|---|---|---|');
  for (const count of [10, 100, 1_000, 10_000]) {
    const runId = `run-${count}`;
    const about = {
      name: 'job',
      ref: null,
      fingerprint: {},
      inputs: {},
      settings: null,
      startedAtMs: 0,
      seed: 0,
      parent: null,
    };
    const value = { message: 'x'.repeat(600) };
    const records = Array.from({ length: count }, (_, index) => ({ key: `step-${index}:model`, value }));
    await journal.create({ runId, ...about }, records);
    let ms = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      const startedAt = performance.now();
      await journal.claim(runId, { takeOver: true });
      ms = Math.min(ms, performance.now() - startedAt);
    }
    console.log(
      `| ${count.toLocaleString('en')} | ${ms.toFixed(1)} | ${((ms * 1_000) / count).toFixed(1)} |`,
    );
  }
  await journal.close();
}

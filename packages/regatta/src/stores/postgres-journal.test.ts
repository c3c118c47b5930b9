import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Agent, Crew, type ModelRequest, Task } from '../index.ts';
import type { RunRecord } from '../ports/journal.ts';
import { checkJournal, scriptedModel } from '../testing/index.ts';
import { startPostgres, type TestPostgres } from '../testing/postgres.fixture.ts';
import { postgresJournal } from './postgres.ts';
import { Database } from './postgres-database.ts';
import { Fleet } from './postgres-fleet.ts';
import { PostgresJournal } from './postgres-journal.ts';
import { Outbox } from './postgres-outbox.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => await server.stop());

const runOf = (runId: string): RunRecord => ({
  runId,
  name: 'crew',
  ref: null,
  fingerprint: {},
  inputs: {},
  settings: null,
  startedAtMs: 0,
  seed: 0,
  parent: null,
});

test('the journal in PostgreSQL keeps the rules, also between two openings', async () => {
  const connectionString = await server.database();
  let schemas = 0;
  const open = () => postgresJournal({ connectionString, schema: `s${++schemas}` });
  const reopen = () => postgresJournal({ connectionString, schema: `s${schemas}` });
  expect(await checkJournal(open, { reopen })).toEqual([]);
});

test('crews are run, resumed, forked, replayed and listed in a PostgreSQL journal as in a file', async () => {
  await using journal = postgresJournal({ connectionString: await server.database() });
  const topicOf = ({ messages }: ModelRequest) => /Work on (\w+)/.exec(JSON.stringify(messages))?.[1];
  const llm = scriptedModel([(request) => `on ${topicOf(request)}`], { loop: true });
  const agent = new Agent({ role: 'clerk', goal: 'Work', llm });
  const tasks = ['first', 'second'].map(
    (name) => new Task({ name, description: 'Work on {topic}', expectedOutput: 'A text', agent }),
  );
  const crew = new Crew({ agents: [agent], tasks });
  const { runId } = await crew.kickoff({ inputs: { topic: 'tides' }, journal });
  const resumed = await crew.resume(runId, { journal });
  const replayed = await crew.replay(runId, { journal, fromTask: 'second' });
  const from = { step: 'second/agent/turn-1:model' };
  const forked = await crew.fork(runId, { journal, from, inputs: { topic: 'waves' } });
  const texts = [];
  for (const run of [resumed, replayed, forked]) texts.push((await run.result).tasks.map(({ text }) => text));
  expect(texts).toEqual([
    ['on tides', 'on tides'],
    ['on tides', 'on tides'],
    ['on tides', 'on waves'],
  ]);
  expect(llm.requests).toHaveLength(4);
  const listed = await journal.list({ status: 'succeeded' });
  expect(listed.map(({ parent }) => parent?.runId)).toEqual([runId, runId, undefined]);
});

test('a connection string is no path of a file: its password becomes neither a folder nor a part of the error', async () => {
  const journal = 'postgresql://clerk:hush@127.0.0.1/db';
  const agent = new Agent({ role: 'clerk', goal: 'Work', llm: 'rehearsal' });
  const error = await agent.kickoff('Work', { journal }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'definition/invalid' });
  expect(JSON.stringify([error, String(error)])).not.toContain('hush');
});

test('sixteen processes may open an empty database at once', async () => {
  const connectionString = await server.database();
  const file = fileURLToPath(new URL('./postgres-open.fixture.ts', import.meta.url));
  const ids = Array.from({ length: 16 }, (_, index) => `run-${index}`);
  const processes = ids.map((id) => promisify(execFile)(process.execPath, [file, connectionString, id]));
  const ends = await Promise.allSettled(processes);
  expect(ends.filter(({ status }) => status === 'rejected')).toEqual([]);
  await using journal = postgresJournal({ connectionString });
  const runs = await journal.list();
  expect(runs.map(({ runId }) => runId).sort()).toEqual([...ids].sort());
});

test('what many runs write at once is one statement, and each step of one run is one', async () => {
  const connectionString = await server.database();
  await using journal = postgresJournal({ connectionString });
  const ids = Array.from({ length: 50 }, (_, index) => `run-${index}`);
  await Promise.all(ids.map((id) => journal.create(runOf(id), [])));
  for (let step = 0; step < 4; step++) {
    await Promise.all(ids.map((id) => journal.write(id, { key: `${step}:tool`, value: step }, 1)));
  }
  const sql = await client(connectionString);
  const { rows } = await sql.query('SELECT count(DISTINCT xmin::text) AS n FROM regatta.records'); // by transaction
  expect(Number(rows[0].n)).toBe(4);
  expect((await journal.read('run-7'))?.records.map(({ value }) => value)).toEqual([0, 1, 2, 3]);
  await sql.end();
});

test("one run's value that PostgreSQL refuses is not the others' failure", async () => {
  const connectionString = await server.database();
  await using journal = postgresJournal({ connectionString });
  await Promise.all(['good', 'bad'].map((id) => journal.create(runOf(id), [])));
  const writes = await Promise.allSettled([
    journal.write('good', { key: 'k:tool', value: 'a \0 and a \ud800 are JSON' }, 1),
    journal.write('bad', { key: 'no text in PostgreSQL: \0', value: 1 }, 1),
  ]);
  expect(writes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(writes[1]).toMatchObject({ reason: { code: 'journal/failed' } });
  expect((await journal.find('good', 'k:tool'))?.value).toBe('a \0 and a \ud800 are JSON');
});

test('a lease that was not renewed lets others claim, and its holder writes nothing more (R53)', async () => {
  const connectionString = await server.database();
  await using paused = postgresJournal({ connectionString, leaseMs: 2 ** 31 - 1 });
  await using other = postgresJournal({ connectionString });
  await paused.create(runOf('run'), []);
  await expect(other.claim('run', { takeOver: false })).rejects.toMatchObject({ code: 'journal/held' });
  const sql = await client(connectionString);
  await sql.query("UPDATE regatta.runs SET lease_until = now() - interval '1 ms'"); // as if it had been stopped
  expect((await other.claim('run', { takeOver: false })).run.epoch).toBe(2);
  const late = { key: 'late:tool', value: 1 };
  await expect(paused.write('run', late, 1)).rejects.toMatchObject({ code: 'journal/lost' });
  expect(await other.find('run', 'late:tool')).toBeUndefined();
  await sql.end();
});

test('a write that waits for a claim is refused after it: the check is a part of the write', async () => {
  const connectionString = await server.database();
  await using journal = postgresJournal({ connectionString });
  await journal.create(runOf('run'), []);
  const sql = await client(connectionString);
  await sql.query('BEGIN');
  await sql.query("UPDATE regatta.runs SET epoch = 2 WHERE id = 'run'"); // a claim, not yet committed
  const late = journal.write('run', { key: 'late:tool', value: 1 }, 1);
  late.catch(() => undefined);
  await untilWaiting(connectionString);
  await sql.query('COMMIT');
  await expect(late).rejects.toMatchObject({ code: 'journal/lost' });
  expect(await journal.find('run', 'late:tool')).toBeUndefined();
  await sql.end();
});

test('what is refused is not told: the events of a holder that was fenced reach nobody (R72)', async () => {
  const connectionString = await server.database();
  const database = new Database({ connectionString });
  const fenced = new PostgresJournal(database, 30_000);
  const [fleet, outbox] = [new Fleet(database), new Outbox(database)];
  await fenced.create(runOf('run'), []);
  await outbox.register('audit');
  fenced.tell('run', 1, { key: '/a:start', text: '{"type":"a"}' });
  await fenced.tellNow('run');
  await using other = postgresJournal({ connectionString });
  await other.claim('run', { takeOver: true });
  fenced.tell('run', 1, { key: '/a:end', text: '{"type":"b"}' });
  await expect(fenced.write('run', { key: 'a:tool', value: 1 }, 1)).rejects.toMatchObject({
    code: 'journal/lost',
  });
  expect((await fleet.events('run', '0', 10)).map(({ event }) => event)).toEqual([{ type: 'a' }]);
  const delivered: unknown[] = [];
  await outbox.deliver('audit', async ({ event }) => delivered.push(event));
  expect(delivered).toEqual([{ type: 'a' }]);
  await fenced.close();
});

test('a server that crashes and comes back loses no record and doubles none', async () => {
  const connectionString = await server.database();
  await using journal = postgresJournal({ connectionString });
  await journal.create(runOf('run'), []);
  const written: number[] = [];
  const writing = (async () => {
    for (let step = 0; step < 300; step++) {
      const { value, isFirst } = await journal.write('run', { key: `${step}:tool`, value: step }, 1);
      if (isFirst) written.push(Number(value));
    }
  })();
  for (let crash = 0; crash < 3; crash++) {
    while (written.length < 50 * (crash + 1)) await new Promise(setImmediate);
    await server.crash();
    await server.start();
  }
  await writing;
  expect(written).toEqual(Array.from({ length: 300 }, (_, step) => step));
  expect((await journal.read('run'))?.records.map(({ value }) => value)).toEqual(written);
});

test('no server, a wrong password and a newer schema are errors that say so', async () => {
  const connectionString = await server.database();
  const nobody = postgresJournal({ connectionString: 'postgresql://postgres:secret@127.0.0.1:1/x' });
  const error = await nobody.list().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'postgres/unreachable', details: { code: 'ECONNREFUSED' } });
  expect(String(error)).not.toContain('secret');
  const wrong = postgresJournal({ connectionString: connectionString.replace(/test_\d+$/, 'nowhere') });
  await expect(wrong.list()).rejects.toMatchObject({
    code: 'postgres/unreachable',
    details: { code: '3D000' },
  });
  const journal = postgresJournal({ connectionString });
  await journal.list();
  const sql = await client(connectionString);
  await sql.query('UPDATE regatta.version SET n = 99');
  const older = postgresJournal({ connectionString });
  await expect(older.list()).rejects.toMatchObject({
    code: 'postgres/wrong-version',
    details: { found: 99 },
  });
  for (const one of [nobody, wrong, journal, older]) await one.close();
  await sql.end();
});

async function client(connectionString: string): Promise<pg.Client> {
  const sql = new pg.Client(connectionString);
  await sql.connect();
  return sql;
}

/** Until somebody waits for a lock that another transaction has. */
async function untilWaiting(connectionString: string): Promise<void> {
  const sql = await client(connectionString);
  for (let waiting = 0; waiting === 0; ) {
    const { rows } = await sql.query(
      "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    waiting = Number(rows[0].n);
  }
  await sql.end();
}

import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createGate } from '../testing/index.ts';
import { startPostgres, type TestPostgres } from '../testing/postgres.fixture.ts';
import { Database } from './postgres-database.ts';
import { PostgresJournal } from './postgres-journal.ts';
import { type Delivery, Outbox } from './postgres-outbox.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(async () => await server.stop());

/** A run of which so many events are kept for the handler `audit`. */
async function open(events: number) {
  const connectionString = await server.database();
  const database = new Database({ connectionString });
  const journal = new PostgresJournal(database, 30_000);
  const outbox = new Outbox(database);
  const sql = new pg.Client(connectionString);
  await sql.connect();
  onTestFinished(async () => {
    await journal.close();
    await sql.end();
  });
  await outbox.register('audit');
  const record = { name: 'crew', ref: null, fingerprint: {}, inputs: {}, settings: null, parent: null };
  await journal.create({ runId: 'run', ...record, startedAtMs: 0, seed: 0 }, []);
  for (let event = 1; event <= events; event++)
    journal.tell('run', 1, { key: `/${event}`, text: String(event) });
  await journal.tellNow('run');
  return {
    outbox,
    /** As if whoever has taken the run had had his minute. */
    minute: () => sql.query("UPDATE regatta.outbox SET not_before = '-infinity'"),
  };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

test('a hundred events are marked at a time: who dies leaves no more than these to be handled again', async () => {
  const { outbox, minute } = await open(250);
  const dead = createGate();
  void outbox.deliver('audit', async ({ event }) => event === 230 && (await dead.pass()));
  await dead.reached;
  await minute();
  const heard: unknown[] = [];
  await outbox.deliver('audit', async ({ event }) => heard.push(event));
  expect(heard).toEqual(numbers(201, 250));
  expect(await outbox.deliver('audit', async () => heard.push('again'))).toBe(false);
});

test('who was too slow handles no further page once another has taken the run, and unmarks nothing', async () => {
  const { outbox, minute } = await open(250);
  const slow = createGate();
  const [late, prompt]: [unknown[], unknown[]] = [[], []];
  const delivered = outbox.deliver('audit', async ({ event }) => {
    late.push(event);
    if (event === 50) await slow.pass();
  });
  await slow.reached;
  await minute();
  await outbox.deliver('audit', async ({ event }) => prompt.push(event));
  expect(prompt).toEqual(numbers(1, 250));
  slow.open();
  await delivered;
  expect(late).toEqual(numbers(1, 100));
  expect(await outbox.deliver('audit', async () => undefined)).toBe(false);
});

test('each try of an event says which one it is, and the events behind it begin at the first', async () => {
  const { outbox, minute } = await open(3);
  const tries: (readonly [unknown, number])[] = [];
  const handle = async ({ event, attempt }: Delivery) => {
    tries.push([event, attempt]);
    if (event === 2 && attempt < 3) throw new Error('not yet');
  };
  for (let tried = 0; tried < 3; tried++) {
    await outbox.deliver('audit', handle);
    await minute();
  }
  expect(tries).toEqual([
    [1, 1],
    [2, 1],
    [2, 2],
    [2, 3],
    [3, 1],
  ]);
});

test('what is taken in the moment in which the connection breaks is handled at once, not when its minute has passed', async () => {
  const { outbox } = await open(3);
  const { query } = pg.Client.prototype;
  let isLost = false;
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args) {
    const [{ text }, values, done] = args as unknown as [{ text: string }, unknown, (error: unknown) => void];
    if (isLost || !text.includes('SET claim = $2')) return Reflect.apply(query, this, args);
    isLost = true; // the statement counts, and nobody hears of it
    const breaks = () => done(new Error('Connection terminated unexpectedly'));
    return Reflect.apply(query, this, [args[0], values, breaks]);
  });
  onTestFinished(() => spy.mockRestore());
  const heard: unknown[] = [];
  expect(await outbox.deliver('audit', async ({ event }) => heard.push(event))).toBe(true);
  expect([isLost, heard]).toEqual([true, [1, 2, 3]]);
});

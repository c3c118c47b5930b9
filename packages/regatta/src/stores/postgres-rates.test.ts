/** Rates of a real server. A minute passes by what the test does to the rows, never by waiting. */
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { RateLimits } from '../ports/limiter.ts';
import type { Settle } from '../ports/meter.ts';
import { createGate, createManualClock, type Gate } from '../testing/index.ts';
import { asks, checkLimiter, took } from '../testing/limiter-conformance.fixture.ts';
import { holdRows, startPostgres, type TestPostgres } from '../testing/postgres.fixture.ts';
import { Database, type Result } from './postgres-database.ts';
import { Rates } from './postgres-rates.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(async () => await server.stop());

/** A database that knows what it is asked, and when nothing is under way. */
class WatchedDatabase extends Database {
  readonly #open = new Set<Promise<unknown>>();
  asked = 0;
  /** What takes from rates is answered by the server, and heard of once this is open. */
  gate: Gate | undefined;

  override query(...args: Parameters<Database['query']>): Promise<Result> {
    this.asked++;
    const gate = args[0].name === undefined ? undefined : this.gate;
    const result = super.query(...args).then(async (answer) => {
      await gate?.pass();
      return answer;
    });
    const forget = (): unknown => this.#open.delete(result);
    result.then(forget, forget);
    this.#open.add(result);
    return result;
  }

  async quiet(): Promise<void> {
    for (let turns = 0; turns < 5; turns++) {
      if (this.#open.size > 0) turns = 0;
      await Promise.allSettled(this.#open);
      await new Promise(setImmediate);
    }
  }
}

const MODEL = 'bench/model';
const never = new AbortController().signal;

/** Workers of one database, each with connections, a clock and a memory of its own. */
async function open(count = 1, url?: string) {
  const connectionString = url ?? (await server.database());
  const workers = Array.from({ length: count }, () => {
    const database = new WatchedDatabase({ connectionString });
    const clock = createManualClock();
    const rates = new Rates(database, clock);
    onTestFinished(() => database.close());
    /** Those who wait look again. */
    const look = async (afterMs = 1_000) => {
      await clock.advance(afterMs);
      await database.quiet();
    };
    /** Asks for calls, and gives those that have begun. */
    const ask = (calls: number, { tokens = 0, tenant = null, model = MODEL, signal = never }: Asked = {}) => {
      const begun: Settle[] = [];
      for (let call = 0; call < calls; call++) {
        const asked = rates.limiterOf(tenant).acquire({ ...asks(tokens), model }, signal);
        asked.then((settle) => begun.push(settle)).catch(() => undefined);
      }
      return begun;
    };
    return { database, rates, look, ask };
  });
  const sql = new pg.Client(connectionString);
  await sql.connect();
  onTestFinished(() => sql.end());
  const quiet = async () => {
    for (const { database } of workers) await database.quiet();
  };
  const set = async (limits: RateLimits | null, model = MODEL, tenant: string | null = null) => {
    await workers[0]!.rates.set({ model, tenant }, limits);
    for (const { rates } of workers) await rates.refresh();
  };
  /** As if so many seconds had passed since all that has begun. */
  const pass = async (seconds: number) => {
    await quiet();
    await sql.query('UPDATE regatta.rates SET at = ARRAY (SELECT unnest(at) - $1::bigint)', [seconds]);
    for (const { look } of workers) await look();
  };
  return { connectionString, workers, sql, quiet, set, pass };
}

interface Asked {
  readonly tokens?: number;
  readonly tenant?: string | null;
  readonly model?: string;
  readonly signal?: AbortSignal;
}

test('the limiter of many workers keeps the rules', async () => {
  const connectionString = await server.database();
  const bench = async (limits: RateLimits) => {
    const { workers, set, quiet, pass, sql } = await open(1, connectionString);
    const { rates, look } = workers[0]!;
    await set(limits);
    return {
      limiter: rates.limiterOf(null),
      pass: (ms: number) => (ms === 0 ? quiet() : pass(ms / 1_000)),
      async close() {
        await look();
        expect((await sql.query('SELECT line FROM regatta.rates')).rows).toEqual([{ line: {} }]);
        expect(rates.waiting).toBe(0);
        await set(null);
      },
    };
  };
  expect(await checkLimiter(bench)).toEqual([]);
}, 60_000);

test('of calls at once from several workers, exactly as many begin as a minute has (R48)', async () => {
  const { connectionString, workers, set, quiet, pass } = await open(3);
  await set({ requestsPerMinute: 50 });
  await set({ tokensPerMinute: 400 }, '*');
  // All of them are to look before any of them has taken: whoever looks without waiting sees an empty minute.
  await using blocker = await holdRows(connectionString, 'regatta.rates');
  const asked = workers.map(({ ask }) => ask(60, { tokens: 10 }));
  await blocker.untilWaiting(workers.length);
  await blocker.release();
  await quiet();
  expect(asked.flat()).toHaveLength(40);
  for (const total of [80, 120, 160, 180]) {
    await pass(61);
    expect(asked.flat()).toHaveLength(total);
  }
});

test('what a call of one worker did not need is there for a call of another', async () => {
  const { workers, set, quiet } = await open(2);
  const [one, other] = workers;
  await set({ tokensPerMinute: 100 });
  const first = one!.ask(1, { tokens: 90 });
  await quiet();
  const second = other!.ask(1, { tokens: 90 });
  await other!.look();
  expect([first.length, second.length]).toEqual([1, 0]);
  first[0]!(took(10));
  await quiet();
  await other!.look();
  expect(second).toHaveLength(1);
  expect((await one!.rates.list())[0]).toMatchObject({ used: { requests: 2, tokens: 100 } });
});

test('a large call is not passed by for ever by small ones of other workers', async () => {
  const { workers, set, quiet, pass, sql } = await open(2);
  const [small, large] = workers;
  await set({ tokensPerMinute: 100 });
  const before = small!.ask(9, { tokens: 10 });
  await quiet();
  const patient = large!.ask(1, { tokens: 100 });
  await large!.database.quiet();
  const soon = small!.ask(1, { tokens: 10 }); // a little younger: there is room, and no need to wait
  await quiet();
  await large!.look(10_000);
  await large!.look();
  before[0]!(took(0));
  await quiet();
  const late = small!.ask(1, { tokens: 10 });
  await quiet();
  expect([before, soon, patient, late].map((begun) => begun.length)).toEqual([9, 1, 0, 0]);
  await sql.query("UPDATE regatta.rates SET at = '{}', requests = '{}', tokens = '{}'");
  await small!.look(); // comes first, and finds that it is not its turn
  expect([patient, late].map((begun) => begun.length)).toEqual([0, 0]);
  await large!.look();
  expect([patient, late].map((begun) => begun.length)).toEqual([1, 0]);
  await pass(61);
  expect(late).toHaveLength(1);
});

test('a place in the line is void once its worker gives no sign of life', async () => {
  const { workers, set, quiet, sql } = await open(2);
  const [alive, dead] = workers;
  await set({ tokensPerMinute: 100 });
  alive!.ask(1, { tokens: 50 });
  await quiet();
  dead!.ask(1, { tokens: 100 });
  await dead!.look(10_000);
  await dead!.look(); // and has waited for eleven seconds
  const held = alive!.ask(1, { tokens: 10 });
  await quiet();
  expect(held).toHaveLength(0);
  await sql.query(
    'UPDATE regatta.rates SET line = (SELECT jsonb_object_agg(key, jsonb_set(value, $1, $2)) FROM jsonb_each(line))',
    ['{1}', '0'], // as if nothing had been heard of anybody for a while
  );
  await alive!.look();
  expect(held).toHaveLength(1);
});

test("who waits for his tenant's rate holds up nobody in the rate of all", async () => {
  const { workers, set, quiet, sql } = await open(1);
  const { ask, look, rates } = workers[0]!;
  await set({ requestsPerMinute: 4 }, '*');
  await set({ requestsPerMinute: 1 }, 'bench/*', 'poor');
  const poor = ask(3, { tenant: 'poor' });
  await look(10_000);
  const others = ask(4, { tenant: 'rich' });
  await quiet();
  expect([poor, others].map((begun) => begun.length)).toEqual([1, 3]);
  const { rows } = await sql.query('SELECT model, (SELECT count(*)::int FROM jsonb_each(line)) AS line FROM regatta.rates ORDER BY n'); // biome-ignore format: a table
  expect(rows).toEqual([
    { model: '*', line: 1 },
    { model: 'bench/*', line: 1 },
  ]);
  expect(rates.waiting).toBe(3);
  expect(rates.waitedMs).toBe(0);
  await set({ requestsPerMinute: 100 }, '*');
  await set({ requestsPerMinute: 100 }, 'bench/*', 'poor');
  await look();
  expect([poor, others].map((begun) => begun.length)).toEqual([3, 4]);
  expect(rates.waiting).toBe(0);
  expect(rates.waitedMs).toBe(2 * 11_000 + 1_000);
});

test('a rate is about a model, a provider or all, and about the deployments of a router', async () => {
  const { workers, set, quiet } = await open(1);
  const { ask, database } = workers[0]!;
  await set({ requestsPerMinute: 1 }, 'openai/gpt-5');
  await set({ requestsPerMinute: 2 }, 'anthropic/*');
  const models = ['openai/gpt-5', 'openai/gpt-5#eu', 'openai/gpt-5-mini', 'anthropic/a', 'anthropic/b', 'anthropic/c', 'anthropics/a']; // biome-ignore format: a table
  const begun = models.map((model) => ask(1, { model }));
  await quiet();
  expect(begun.map((one) => one.length)).toEqual([1, 0, 1, 1, 1, 0, 1]);
  await set(null, 'openai/gpt-5');
  const { asked } = database;
  expect(ask(5, { model: 'openai/gpt-5' })).toHaveLength(0);
  await new Promise(setImmediate);
  expect(database.asked).toBe(asked); // where no rate is, nothing is asked
});

test('a database whose clock is set back gives the minute back in a minute', async () => {
  const { workers, set, quiet, sql, pass } = await open(1);
  const { ask } = workers[0]!;
  await set({ requestsPerMinute: 1 });
  const begun = ask(2);
  await quiet();
  await sql.query('UPDATE regatta.rates SET at = ARRAY (SELECT unnest(at) + 3600)');
  await pass(0);
  expect(begun).toHaveLength(1);
  await pass(61);
  expect(begun).toHaveLength(2);
});

test('what is given back while a look is under way means another look (R71)', async () => {
  const { workers, set, quiet } = await open(1);
  const { ask, database } = workers[0]!;
  await set({ requestsPerMinute: 1 });
  const first = ask(1);
  await quiet();
  database.gate = createGate();
  const second = ask(1);
  await database.gate.reached; // the server has said that there is no room
  first[0]!(null);
  while ((await workers[0]!.rates.list())[0]!.used.requests > 0) await new Promise(setImmediate);
  await new Promise(setImmediate);
  database.gate.open();
  await quiet();
  expect(second).toHaveLength(1);
});

test('who is aborted while the server grants it takes nothing', async () => {
  const { workers, set, quiet } = await open(1);
  const { ask, database, rates } = workers[0]!;
  await set({ requestsPerMinute: 1, tokensPerMinute: 100 });
  const leaver = new AbortController();
  database.gate = createGate();
  const left = ask(1, { tokens: 50, signal: leaver.signal });
  await database.gate.reached;
  leaver.abort();
  database.gate.open();
  await quiet();
  expect(left).toHaveLength(0);
  expect((await rates.list())[0]).toMatchObject({ used: { requests: 0, tokens: 0 } });
});

test('what is given back is not sent twice: where its connection breaks, it counts until its minute is over', async () => {
  const { connectionString, workers, set, quiet, sql, pass } = await open(1);
  const { ask, rates } = workers[0]!;
  await set({ requestsPerMinute: 1 });
  const first = ask(1);
  await quiet();
  await using blocker = await holdRows(connectionString, 'regatta.rates');
  first[0]!(null);
  await blocker.untilWaiting(1);
  await sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
  await quiet();
  await blocker.release();
  expect((await rates.list())[0]).toMatchObject({ used: { requests: 1 } });
  const second = ask(1);
  await pass(61);
  expect(second).toHaveLength(1);
});

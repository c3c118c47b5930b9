/** The same crew gives the same result, events, usage and callbacks on a worker as on the event loop. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CASES, record } from '../../engines/conformance.fixture.ts';
import * as agents from '../../engines/threads/fixtures/agents.fixture.ts';
import * as crews from '../../engines/threads/fixtures/crews.fixture.ts';
import { Crew, createRuntime, guard } from '../../index.ts';
import { memoryJournal } from '../../testing/index.ts';
import { startPostgres, type TestPostgres } from '../../testing/postgres.fixture.ts';
import { createWorker, type DbosEngine, dbosEngine, type Worker } from './index.ts';

let server: TestPostgres;
let worker: Worker;
let engine: DbosEngine;

beforeAll(async () => {
  server = await startPostgres();
  const connectionString = await server.database();
  const all = [...Object.values(crews), ...Object.values(agents)].filter((one) => one instanceof Crew);
  worker = await createWorker({ connectionString, crews: all });
  engine = dbosEngine({ connectionString });
}, 60_000);
afterAll(async () => {
  await worker?.close({ timeoutMs: 0 });
  await engine?.close();
  await server.stop();
});

/** Without what is of a process: its counts of handlers, the object behind an error, and what came first of things at once. */
function comparable({ result, events, usage, ledger, status, heard }: Seen) {
  const { cause: _, ...rest } = result;
  const told = events.map(({ seq: _seq, id, ...event }) => ({ ...event, id: id.replace(/-\d+$/, '') }));
  const byText = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).sort();
  return { result: rest, usage, status, ledger: byText(ledger), events: byText(told), heard: byText(heard) };
}

interface Seen {
  readonly result: { readonly cause?: string };
  readonly events: readonly { readonly seq: number; readonly id: string }[];
  readonly usage: unknown;
  readonly ledger: readonly unknown[];
  readonly status: string;
  readonly heard: readonly unknown[];
}

test.each(Object.entries(CASES).filter(([, { cancelAt }]) => cancelAt === undefined))(
  '%s',
  async (_name, given) => {
    const here = await record(given, {});
    const there = await record(given, { engine });
    expect(comparable(there)).toEqual(comparable(here));
  },
);

test('a cancelled run is freed at once, and its worker ends it', async () => {
  const given = { crew: crews.cancelled, cancelAt: 'tool.start' } as const;
  const [here, there] = [await record(given, {}), await record(given, { engine })];
  expect([there.result, there.status]).toEqual([here.result, here.status]);
  const ends = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type).sort();
  expect(ends(there.events)).toEqual(ends(here.events));
  while ((await engine.list({ name: 'cancelled', status: 'cancelled' })).length === 0)
    await new Promise(setImmediate);
});

test('what does not reach a worker is refused by name', async () => {
  const runtime = createRuntime({ engine });
  const start = (options: object) =>
    runtime.start(crews.success, { inputs: { topic: 'a' }, ...options }).result;
  const refused = (field: string) => ({ code: 'engine/not-portable', details: { engine: 'dbos', field } });
  await expect(start({ context: { tenant: 'a' } })).rejects.toMatchObject(refused('context'));
  await expect(start({ journal: memoryJournal() })).rejects.toMatchObject(refused('journal'));
  const deny = guard('tool.before', () => {
    throw new Error('not today');
  });
  await expect(start({ callbacks: [deny] })).rejects.toMatchObject(refused('callbacks'));
});

/** Guards stand where calls are made: those of the crew and of the worker's runtime; others are refused, and none is left out. */
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createRuntime, guard } from '../../index.ts';
import { fleetTests, type OpenFleet } from './fleet.fixture.ts';
import { type Asked, guarded, guardedBy } from './guards.fixture.ts';
import { createWorker } from './index.ts';

const { open } = fleetTests();
const module = fileURLToPath(new URL('./guards.fixture.ts', import.meta.url));

/** A worker process that loads the crew by its ref, and a runtime here that orders runs. */
async function openGuarded() {
  const opened = await open();
  await opened.fleet.start({ modules: { guarded: module } });
  return { ...opened, runtime: createRuntime({ engine: opened.engine }) };
}

const askedOf = ({ fleet }: OpenFleet) => fleet.lines<Asked>().map((line) => line.guard);

test("a crew's guards stand on its worker, for runs of a runtime here as for ordered ones: each is asked once a call", async () => {
  const opened = await openGuarded();
  const { fleet, engine, runtime } = opened;
  const allowed = await runtime.run(guarded, { inputs: { euros: 20 } });
  expect(allowed.text).toBe('paid 20, stamped');
  expect(askedOf(opened)).toEqual(['limit', 'stamp']);
  const denied = runtime.start(guarded, { inputs: { euros: 500 } });
  const ends = [];
  for await (const event of denied.events()) if (event.type === 'tool.end') ends.push(event.error?.code);
  expect(ends).toEqual(['guard/denied']);
  expect((await denied.result).text).toContain('Guard "limit" denied tool.before: Too much.');
  const ordered = await engine.enqueue(guarded, { euros: 30 });
  expect((await ordered.result()).text).toBe('paid 30, stamped');
  expect(askedOf(opened)).toEqual(['limit', 'stamp', 'limit', 'limit', 'stamp']);
  expect(fleet.lines<Asked>().map(({ pid }) => pid)).not.toContain(process.pid);
}, 60_000);

test('a guard that the crew has here, and not on the worker, is not left out: the run is put aside before it begins', async () => {
  const opened = await openGuarded();
  const { engine, runtime } = opened;
  const newer = guardedBy(guard('model.before', () => undefined, { name: 'new' }));
  const run = runtime.start(newer, { inputs: { euros: 20 } });
  await expect(run.result).rejects.toMatchObject({
    code: 'engine/not-portable',
    message: expect.stringContaining(
      'lacks guards that it has where the run was ordered: "new" of crew at model.before.',
    ),
  });
  expect(askedOf(opened)).toEqual([]);
  expect(await engine.list()).toEqual([]);
  expect(await engine.deadLetters()).toMatchObject([{ runId: run.id }]);
}, 60_000);

test("guards of the runtime and of the call are refused by name; those of the worker's runtime hold for all its runs", async () => {
  const { engine, connectionString } = await open();
  const noModel = guard('model.before', () => Promise.reject(new Error('not today')), { name: 'no-model' });
  const worker = await createWorker({
    connectionString,
    crews: [guarded],
    runtime: { callbacks: [noModel] },
  });
  onTestFinished(async () => await worker.close({ timeoutMs: 0 }));
  const inputs = { euros: 20 };
  const refused = {
    code: 'engine/not-portable',
    message: expect.stringMatching(/the guard "no-model" by its runtime or its call, .* Give it to the crew/),
    details: { engine: 'dbos', field: 'callbacks' },
  };
  const strict = createRuntime({ engine, callbacks: [noModel] });
  await expect(strict.run(guarded, { inputs })).rejects.toMatchObject(refused);
  const runtime = createRuntime({ engine });
  await expect(runtime.run(guarded, { inputs, callbacks: [noModel] })).rejects.toMatchObject(refused);
  const denied = { code: 'guard/denied', message: expect.stringContaining('"no-model" denied model.before') };
  await expect(runtime.run(guarded, { inputs })).rejects.toMatchObject(denied);
  const ordered = await engine.enqueue(guarded, inputs);
  await expect(ordered.result()).rejects.toMatchObject(denied);
}, 60_000);

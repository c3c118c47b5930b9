/** Runs that begin with a part of another run, done by whichever worker. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { crewRef } from '../../index.ts';
import type { Journal, StepRecord } from '../../ports/journal.ts';
import { checkTrace } from '../../testing/index.ts';
import { fleetTests, type OpenFleet } from './fleet.fixture.ts';
import type { RemoteRun } from './index.ts';
import { relay } from './relay.fixture.ts';
import { slots } from './slots.fixture.ts';

const { open } = fleetTests();

/** What a run was given from outside, without what it spent. */
const resultsOf = (records: readonly StepRecord[]) =>
  records.filter(({ key }) => !/:(attempt|entry|started)-/.test(key));

async function readOf(journal: Journal, { runId }: RemoteRun) {
  const found = await journal.read(runId);
  if (found === undefined) throw new Error(`${runId} is not there`);
  return found;
}

const eventsOf = (run: RemoteRun) => Array.fromAsync(run.events(), ({ event }) => event);

async function typesOf(run: RemoteRun) {
  const events = await eventsOf(run);
  return events.map(({ type, task }) => (task === null ? type : `${task} ${type}`));
}

/** A run of two tasks that has ended. */
async function ended({ engine, journal }: OpenFleet) {
  const run = await engine.enqueue(relay, { port: 'port-1' });
  const output = await run.result();
  return { run, output, found: await readOf(journal, run) };
}

test('a fork does anew its task alone: what it keeps is neither asked, billed nor told again, and the first run stays', async () => {
  const opened = await open();
  const { fleet, engine, journal } = opened;
  await fleet.start({ queues: ['default', 'second'] });
  const first = await ended(opened);
  const fork = await engine.fork(first.run.runId, { from: { task: 'report' }, queue: 'second' });
  const { text, tasks, usage } = await fork.result();
  expect([text, tasks[0]]).toEqual([first.output.text, first.output.tasks[0]]);
  expect(usage.attempts).toBe(1);
  expect(fleet.uses.filter(({ runId }) => runId === fork.runId)).toMatchObject([
    { what: 'model', spanId: `${fork.runId}/report/agent/turn-1` },
  ]);
  expect(await typesOf(fork)).toEqual([
    'run.start',
    'report task.start',
    'report agent.start',
    'report model.start',
    'report model.end',
    'report agent.end',
    'report task.end',
    'run.end',
  ]);
  expect(checkTrace(await eventsOf(fork))).toEqual([]);
  const { run, records } = await readOf(journal, fork);
  const kept = resultsOf(first.found.records).filter(({ key }) => key.startsWith('survey'));
  expect(run).toMatchObject({
    inputs: { port: 'port-1' },
    parent: { runId: first.run.runId, from: 'report', kept: kept.length },
  });
  expect(records.slice(0, kept.length)).toEqual(kept);
  expect(fleet.check({ run, records })).toEqual([]);
  expect(await readOf(journal, first.run)).toEqual(first.found);
}, 60_000);

test('a fork may begin at a step, with other inputs, and be forked and replayed itself', async () => {
  const opened = await open();
  const { fleet, engine, journal } = opened;
  await fleet.start();
  const { run, output } = await ended(opened);
  const step = 'survey/agent/turn-2:model';
  const other = await engine.fork(run.runId, { from: { step }, inputs: { port: 'port-2' } });
  const { tasks } = await other.result();
  expect(tasks[0]?.text).toBe('survey port-2: saw pier, saw buoy, saw mole, saw quay');
  const uses = fleet.uses.filter(({ runId }) => runId === other.runId);
  expect(uses.map(({ spanId }) => spanId.slice(other.runId.length))).toEqual([
    '/survey/agent/turn-2',
    '/report/agent/turn-1',
  ]);
  const again = await engine.replay(other.runId, { fromTask: 'report' });
  expect((await again.result()).tasks[0]).toEqual(tasks[0]);
  expect((await readOf(journal, again)).run.parent).toMatchObject({ runId: other.runId, from: 'report' });
  expect(output.tasks[0]?.text).toContain('port-1');
}, 60_000);

test('the options of an order count for a fork: one key is one run, of its tenant, in its budget and its turn', async () => {
  const opened = await open({ concurrency: 1 });
  const { fleet, engine } = opened;
  const worker = await fleet.start();
  const { run } = await ended(opened);
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  await engine.setBudget('acme', { calls: 1 });
  const from = { task: 'survey' };
  const late = await engine.fork(run.runId, { from, priority: 9, tenant: 'acme', idempotencyKey: 'late' });
  const poor = await engine.fork(run.runId, { from, priority: 5, budget: { calls: 0 } });
  const same = await engine.fork(run.runId, { from, tenant: 'acme', idempotencyKey: 'late' });
  expect(same.runId).toBe(late.runId);
  const waiting = (await engine.active()).filter(({ status }) => status === 'queued');
  expect(waiting.map(({ runId, order }) => [runId, order?.tenant, order?.priority])).toEqual([
    [late.runId, 'acme', 9],
    [poor.runId, null, 5],
  ]);
  await fleet.start();
  await expect(poor.result()).rejects.toMatchObject({ code: 'budget/exceeded', details: { owner: 'run' } });
  await expect(late.result()).rejects.toMatchObject({
    code: 'budget/exceeded',
    details: { owner: 'tenant "acme"', used: 1 },
  });
  const firsts = (await engine.list()).map(({ runId }) => runId);
  expect(firsts).toEqual([late.runId, poor.runId, run.runId]); // the newest first
}, 60_000);

test('a fork whose workers are killed goes on elsewhere: nothing that it keeps or has recorded is done or told again', async () => {
  const opened = await open();
  const { fleet, engine, journal } = opened;
  const settings = { failoverMs: 4_000, maxRecoveries: 100 }; // a busy machine must not be taken for a dead one
  const healthy = await fleet.start(settings);
  const first = await ended(opened);
  const whole = await engine.fork(first.run.runId, { from: { step: 'survey/agent/turn-2:model' } });
  await whole.result();
  healthy.kill('SIGKILL');
  await once(healthy, 'exit');
  const forks: RemoteRun[] = [];
  // Each has a queue of its own, so that its worker dies with it, and not with one that was put back.
  const deaths = {
    created: { dieAt: 1, phase: 'before' },
    asked: { dieAt: 2, phase: 'after' },
    between: { dieAt: 5, phase: 'before' },
    late: { dieAt: 7, phase: 'after' },
  } as const;
  for (const [queue, death] of Object.entries(deaths)) {
    const from = { step: 'survey/agent/turn-2:model' };
    forks.push(await engine.fork(first.run.runId, { from, queue }));
    const child = await fleet.start({ ...settings, ...death, queues: [queue] });
    if (child.signalCode === null) await once(child, 'exit');
  }
  await fleet.start({ ...settings, queues: Object.keys(deaths) });
  const told = (await typesOf(whole)).filter((type) => type !== 'run.start');
  const { records: kept, run } = await readOf(journal, whole);
  for (const fork of forks) {
    expect((await fork.result()).tasks[0]).toEqual(first.output.tasks[0]);
    const found = await readOf(journal, fork);
    expect(found.run.epoch).toBeGreaterThan(1);
    expect(found.records.slice(0, found.run.parent?.kept)).toEqual(kept.slice(0, run.parent?.kept));
    expect(fleet.check(found)).toEqual([]);
    // Each life says that it begins; what it repeats of another one is not said again.
    expect((await typesOf(fork)).filter((type) => type !== 'run.start')).toEqual(told);
  }
  expect(await readOf(journal, first.run)).toEqual(first.found);
}, 120_000);

test('what cannot be forked is an error that says so: at once, or by the worker that alone can know', async () => {
  const opened = await open();
  const { fleet, engine, journal } = opened;
  await fleet.start();
  const { run } = await ended(opened);
  const refused = async (runId: string, from: Parameters<typeof engine.fork>[1]['from'], code: string) =>
    await expect(engine.fork(runId, { from })).rejects.toMatchObject({ code });
  await refused('unheard-of', { task: 'report' }, 'journal/unknown-run');
  await refused(run.runId, { task: 'rapport' }, 'journal/unknown-step');
  await refused(run.runId, { step: 'report/agent/turn-9:model' }, 'journal/unknown-step');
  const record = { ...(await readOf(journal, run)).run, runId: 'elsewhere', ref: null, parent: null };
  await journal.create(record, []);
  await refused('elsewhere', { task: 'report' }, 'engine/no-ref');
  const priority = engine.fork(run.runId, { from: { task: 'report' }, priority: -1 });
  await expect(priority).rejects.toMatchObject({ code: 'definition/invalid' });
  for (const [task, code] of [
    ['stay', 'journal/code-changed'], // it is no run of that crew: its tasks are gone
    ['leave', 'journal/unknown-step'],
  ] as const) {
    const fork = await engine.fork(run.runId, { from: { task }, crew: slots });
    await expect(fork.result()).rejects.toMatchObject({ code });
    expect(await fork.status()).toBe('dead-letter');
  }
  const named = crewRef({ name: 'slots', module: import.meta.url, export: 'slots' });
  const changed = await engine.fork(run.runId, {
    from: { task: 'stay' },
    crew: named,
    inputs: { slot: 'a/0' },
    allowChanges: true,
  });
  expect((await changed.result()).text).toBe('done');
}, 60_000);

/** Tools that do not give their thread back: the host goes on, callers are freed, and threads are given up on request. */
import { setEnvironmentData } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createCore } from '../../api/core.ts';
import { callback, createRuntime, type Engine, type RunEvent } from '../../index.ts';
import { overhear } from '../../run/overhear.fixture.ts';
import { createGate, createManualClock } from '../../testing/index.ts';
import { createBlock } from './fixtures/block.fixture.ts';
import { eventsOf, expectClosed, expectEmpty, openPool } from './fixtures/runs.fixture.ts';
import { talk } from './fixtures/talk.fixture.ts';
import * as trouble from './fixtures/trouble.fixture.ts';
import { CREDITS } from './remote-run.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a tool that holds its thread holds nothing else: this event loop turns, and other threads work', async () => {
  const block = createBlock();
  await using open = openPool({ size: 2 });
  const heard: RunEvent['type'][] = [];
  const held = open.runtime.start(trouble.blocks, { callbacks: [callback(({ type }) => heard.push(type))] });
  await block.reached();
  let turns = 0;
  for (; turns < 1000 && held.status === 'running'; turns++) await turn();
  expect(turns).toBe(1000);
  expect(heard.at(-1)).toBe('tool.start'); // it left before the tool was called
  expect((await open.runtime.run(trouble.quick)).text).toBe('done');
  expect(open.pool.threads.map(({ load }) => load)).toEqual([1, 0]);
  block.open();
  expect((await held.result).text).toBe('let go');
  await expectClosed(held);
  await expectEmpty(open);
});

test('cancel frees the caller although the thread is held, and the run counts as orphaned until it ends', async () => {
  const block = createBlock();
  await using open = openPool({ size: 2 });
  const held = open.runtime.start(trouble.blocks);
  await block.reached();
  held.cancel('no patience');
  await expect(held.result).rejects.toMatchObject({
    code: 'run/cancelled',
    details: { reason: 'no patience' },
  });
  await expectClosed(held);
  expect(held.audit().orphaned).toBe(1);
  const after = await Promise.all(Array.from({ length: 3 }, () => open.runtime.run(trouble.quick)));
  expect(after.map(({ text }) => text)).toEqual(['done', 'done', 'done']); // all on the thread that answers
  const { emitted } = held.audit();
  const ledger = [...held.ledger];
  block.open();
  await expect.poll(() => held.audit().orphaned).toBe(0);
  // What came after its end is no event and no attempt.
  expect(held.audit()).toMatchObject({ emitted, openAttempts: 0, balance: 0 });
  expect(held.ledger).toEqual(ledger);
  await expectEmpty(open);
});

test('a thread that is held so long after a cancel is ended when that is asked for, and replaced', async () => {
  const block = createBlock();
  await using open = openPool({ terminateAfterMs: 60_000 });
  const clock = createManualClock();
  const runtime = { core: createCore({ engine: open.engine, clock }) };
  const neighbour = trouble.deaf.start({ runtime });
  for await (const { type } of neighbour.events()) if (type === 'tool.start') break;
  const held = trouble.blocks.start({ runtime });
  await block.reached();
  held.cancel();
  await clock.advance(59_999);
  await expect(held.result).rejects.toMatchObject({ code: 'run/cancelled' });
  expect([held.audit().orphaned, neighbour.status, open.pool.threads.length]).toEqual([1, 'running', 1]);
  await clock.advance(1);
  await expect(neighbour.result).rejects.toMatchObject({ code: 'run/worker-lost' });
  expect([held.audit().orphaned, clock.timers]).toEqual([0, 0]);
  for (const run of [held, neighbour]) await expectClosed(run);
  expect((await trouble.quick.kickoff({ runtime })).text).toBe('done');
  await expectEmpty(open);
});

test('a thread whose event loop turns is kept, however long a tool of it stays deaf', async () => {
  await using open = openPool({ terminateAfterMs: 60_000 });
  const clock = createManualClock();
  const runtime = { core: createCore({ engine: open.engine, clock }) };
  const run = trouble.deaf.start({ runtime });
  for await (const { type } of run.events()) if (type === 'tool.start') break;
  run.cancel();
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  const ends = (await eventsOf(run)).filter(({ type }) => type.endsWith('.end'));
  expect(ends.map(({ type }) => type)).toEqual(['model.end', 'tool.end', 'agent.end', 'task.end', 'run.end']);
  await expect.poll(() => clock.timers).toBe(0); // the thread has answered
  await clock.advance(120_000);
  expect(run.audit().orphaned).toBe(1); // the tool itself
  const [thread] = open.pool.threads;
  expect([open.pool.threads.length, thread?.runs, thread?.load]).toEqual([1, 1, 0]);
  expect(await thread?.ping()).toBe(0);
});

test('a run that is cancelled before it starts opens no thread', async () => {
  await using open = openPool();
  const run = open.runtime.start(trouble.quick, { signal: AbortSignal.abort(new Error('too late')) });
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  expect(open.pool.threads).toEqual([]);
});

/** A busy machine takes its time to open a thread. */
const PATIENCE = { timeout: 15_000 };

test('an engine that leaves in the middle stops the work on the thread', async () => {
  await using open = openPool();
  const impatient: Engine = {
    name: 'impatient',
    async execute(job, context) {
      const abort = new AbortController();
      const heard = overhear(context.withSignal(abort.signal), ({ span, body }) => {
        if (body.type === 'tool.start') abort.abort(new Error('no more of it'));
        return context.adopt(span, span.scope).tell(body);
      });
      return await open.engine.execute(job, heard);
    },
  };
  const run = createRuntime({ engine: impatient }).start(trouble.deaf);
  await expect(run.result).rejects.toMatchObject({ code: 'run/failed' });
  await expectClosed(run);
  await expect.poll(() => run.audit().orphaned).toBe(1); // the tool, and no longer the run
  await expect.poll(() => open.pool.threads[0]?.load).toBe(0);
  expect(await open.pool.threads[0]?.ping()).toBe(0);
});

/** Has room for one event, and lets nothing through until its gate is open. */
function slowReader() {
  const gate = createGate();
  const reader = callback(() => gate.pass(), {
    on: ['model.delta'],
    capacity: 1,
    onFull: 'block',
    blockMs: 60_000,
    timeoutMs: 60_000,
  });
  return { gate, reader };
}

/** Three starts and the pieces that are on their way. */
const AHEAD = CREDITS - 3;

test('a run that is cancelled while its thread waits to say more lets the thread go', async () => {
  await using open = openPool();
  const said = new Int32Array(new SharedArrayBuffer(4));
  setEnvironmentData('regatta-test-said', said);
  const { gate, reader } = slowReader();
  const inputs = { marker: 'R', count: 1000 };
  const run = open.runtime.start(talk, { inputs, stream: true, callbacks: [reader] });
  await expect.poll(() => Atomics.load(said, 0), PATIENCE).toBe(AHEAD); // out of credit
  run.cancel();
  gate.open();
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  await expect.poll(() => run.audit().orphaned).toBe(0);
  await expectEmpty(open);
});

test('an observer that is waited for holds the model on the thread back, and lets it go on as it reads', async () => {
  const said = new Int32Array(new SharedArrayBuffer(4));
  setEnvironmentData('regatta-test-said', said);
  await using open = openPool();
  const { gate, reader } = slowReader();
  const inputs = { marker: 'R', count: 1000 };
  const run = open.runtime.start(talk, { inputs, stream: true, callbacks: [reader] });
  await gate.reached;
  await expect.poll(() => Atomics.load(said, 0), PATIENCE).toBe(AHEAD);
  await open.pool.threads[0]?.ping();
  expect(Atomics.load(said, 0)).toBe(AHEAD);
  gate.open();
  expect((await run.result).text).toBe('R');
  expect(Atomics.load(said, 0)).toBe(1000);
  await run.flush();
  expect(run.audit()).toMatchObject({ dropped: 0, balance: 0 });
  await expectClosed(run);
});

/** Threads end in every way there is: their runs end at once and in order, and nothing hangs. */
import { expect, test } from 'vitest';
import { type Crew, isRegattaError } from '../../index.ts';
import { eventsOf, expectClosed, expectEmpty, openPool } from './fixtures/runs.fixture.ts';
import * as trouble from './fixtures/trouble.fixture.ts';

/** Runs `crew` beside an innocent one on the same thread, which must be lost with it. */
async function loseBy(crew: Crew, settings: { readonly maxHeapMb?: number } = {}) {
  await using open = openPool(settings);
  const innocent = open.runtime.start(trouble.deaf);
  for await (const { type } of innocent.events()) if (type === 'tool.start') break;
  const run = open.runtime.start(crew);
  const error = await run.result.catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'run/worker-lost', details: { runId: run.id } });
  await expect(innocent.result).rejects.toMatchObject({ code: 'run/worker-lost' });
  await expectClosed(run);
  await expectClosed(innocent);
  expect(innocent.audit().orphaned).toBe(0);
  expect((await open.runtime.run(trouble.quick)).text).toBe('done'); // on a thread that replaces the lost one
  await expectEmpty(open);
  return { run, error };
}

test('process.exit in a tool ends the thread and not the process, and what was said before it is not lost', async () => {
  const { run, error } = await loseBy(trouble.exits);
  expect(error.details.exitCode).toBe(3);
  const events = await eventsOf(run);
  expect(events.map(({ type }) => type)).toContain('tool.start');
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'tool.end',
      error: expect.objectContaining({ code: 'run/worker-lost' }),
    }),
  );
});

test('what a tool throws outside of its call is the cause of the loss', async () => {
  const { error } = await loseBy(trouble.explodes);
  expect(error.message).toContain('(outside of the call)');
  expect(error.cause).toMatchObject({ name: 'RangeError', message: 'outside of the call' });
});

test('a tool that uses up the memory loses its thread alone', async () => {
  const { error } = await loseBy(trouble.devours, { maxHeapMb: 32 });
  expect(error.cause).toMatchObject({ code: 'ERR_WORKER_OUT_OF_MEMORY' });
});

test('an attempt under way when its thread is lost is settled as its estimate', async () => {
  const { run, error } = await loseBy(trouble.exitsInModel);
  expect(error.details.exitCode).toBe(7);
  expect(run.ledger).toMatchObject([{ status: 'aborted', source: 'estimated', costNanoUsd: null }]);
  expect(run.usage.inputTokens).toBeGreaterThan(4096);
});

test('closing the engine ends the runs under way, and later runs say why they do not start', async () => {
  const { engine, runtime, pool } = openPool({ size: 2 });
  const runs = [runtime.start(trouble.deaf), runtime.start(trouble.deaf), runtime.start(trouble.long)];
  for await (const { type } of runs[0]!.events()) if (type === 'tool.start') break;
  await Promise.all([engine.close?.(), engine.close?.()]);
  const codes = await Promise.all(
    runs.map(({ result }) =>
      result.then(
        ({ text }) => text,
        ({ code }) => code,
      ),
    ),
  );
  expect(codes.slice(0, 2)).toEqual(['run/worker-lost', 'run/worker-lost']);
  for (const run of runs) await expectClosed(run);
  expect(pool.threads).toEqual([]);
  await expect(runtime.run(trouble.quick)).rejects.toMatchObject({ code: 'runtime/closed' });
});

test('threads that end at any point: each run succeeds or is lost, and every one of them ends in order', async () => {
  await using open = openPool({ size: 2 });
  const random = createRandom(20_260_101);
  const tally = { succeeded: 0, lost: 0 };
  for (let wave = 0; wave < 10; wave++) {
    const runs = Array.from({ length: 20 }, () =>
      open.runtime.start(trouble.long, { stream: random() < 0.5 }),
    );
    // The point is a number of events of one of the runs, so it may be before the first or after the last.
    const until = Math.floor(random() * 130);
    const victim = runs[Math.floor(random() * runs.length)]!;
    let seen = 0;
    for await (const _ of victim.events()) if (++seen > until) break;
    await open.pool.threads[Math.floor(random() * 2)]?.terminate();
    const codes = await Promise.all(
      runs.map(({ result }) =>
        result.then(
          () => 'succeeded',
          (error) => (isRegattaError(error) ? error.code : error),
        ),
      ),
    );
    for (const [index, code] of codes.entries()) {
      expect(['succeeded', 'run/worker-lost']).toContain(code);
      tally[code === 'succeeded' ? 'succeeded' : 'lost']++;
      await expectClosed(runs[index]!);
      expect(runs[index]!.audit().orphaned).toBe(0);
    }
  }
  expect(tally.succeeded + tally.lost).toBe(200);
  expect(Math.min(tally.succeeded, tally.lost)).toBeGreaterThan(0);
  await expectEmpty(open);
}, 120_000);

/** The same numbers each time (mulberry32), so that a failure can be repeated. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

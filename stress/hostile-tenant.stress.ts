import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  Agent,
  type Callback,
  Crew,
  callback,
  createRuntime,
  type RunEvent,
  type Runtime,
  Task,
} from 'regatta';
import { checkTrace } from 'regatta/testing';
import { expect, test } from 'vitest';
import { quickModel } from './quick-model.ts';
import { report } from './report.ts';
import { eventsOf, steadyCrew } from './steady-crew.ts';
import { Tracer } from './tracer.ts';
import { pick } from './volume.ts';

const NORMAL = 999;
const CALLS = 4;
const normal = steadyCrew(CALLS, { delayMs: () => 1 + Math.random() * 10 });

/** Milliseconds from start to result of every normal run, shortest first, after checking all of each. */
async function runNormal(runtime: Runtime): Promise<readonly number[]> {
  const times = await Promise.all(
    Array.from({ length: NORMAL }, async (_, index) => {
      const tracer = new Tracer(`marker-${index}-of-this-run`);
      const before = performance.now();
      const run = runtime.start(normal, { inputs: { marker: tracer.marker }, callbacks: [tracer] });
      const { text } = await run.result;
      const ms = performance.now() - before;
      const audit = await run.flush();
      const events = await Array.fromAsync(run.events());
      expect(text).toBe('the end');
      expect(checkTrace(events, { ledger: run.ledger, audit })).toEqual([]);
      expect([tracer.heard, tracer.foreign, tracer.disordered]).toEqual([eventsOf(CALLS), 0, 0]);
      return ms;
    }),
  );
  return times.toSorted((one, other) => one - other);
}

const p99 = (times: readonly number[]): number => times[Math.floor(times.length * 0.99)] ?? Number.NaN;

interface Harm {
  deltas: number;
  thrown: number;
  hanging: number;
  reentries: number;
}

/** A run that floods, and whose callbacks do whatever a callback can do without blocking the event loop. */
function startHostile(runtime: Runtime, { deltas, reentries }: Harm) {
  const harm: Harm = { deltas: 0, thrown: 0, hanging: 0, reentries: 0 };
  const llm = quickModel(() => 'x'.repeat(deltas), { pieces: (text) => text });
  const agent = new Agent({ role: 'Pirate', goal: 'Plunder', llm });
  const task = new Task({ description: 'Plunder', expectedOutput: 'Gold', agent });
  const crew = new Crew({ agents: [agent], tasks: [task] });
  const hang = callback(
    () => {
      harm.hanging++;
      return new Promise(() => undefined);
    },
    { name: 'hang', timeoutMs: 60_000 },
  );
  const fail = callback(
    ({ type }: RunEvent) => {
      if (type === 'model.delta') harm.deltas++;
      harm.thrown++;
      throw new Error('This callback fails on purpose.');
    },
    { name: 'fail', breakAfter: Number.MAX_SAFE_INTEGER },
  );
  const started: Promise<unknown>[] = [];
  const reenter = (): void => {
    if (harm.reentries >= reentries) return;
    harm.reentries++;
    started.push(runtime.start(normal, { inputs: { marker: 'pirate' }, callbacks: [reenter] }).result);
  };
  const callbacks: readonly Callback[] = [hang, fail, reenter];
  const run = runtime.start(crew, { callbacks, stream: true });
  return { run, harm, settled: () => Promise.all(started) };
}

test('D22: next to a hostile tenant in the same runtime, the runs of the others are complete and in order', async (context) => {
  const runtime = createRuntime({ onCallbackError: () => undefined });
  await runNormal(runtime); // the first one compiles
  const calm = p99(await runNormal(runtime));
  const planned: Harm = {
    deltas: pick({ short: 20_000, long: 100_000 }),
    reentries: 200,
    thrown: 0,
    hanging: 0,
  };
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const hostile = startHostile(runtime, planned);
  const disturbed = p99(await runNormal(runtime));
  await hostile.run.result;
  await hostile.settled();
  delay.disable();
  const { harm } = hostile;
  const audit = await hostile.run.flush({ timeoutMs: 1000 });
  const { delivered, failed, dropped, pending } = audit;
  const p99s = {
    'p99/calm p99': (disturbed / calm).toFixed(2),
    'longest pause/calm p99': (delay.max / 1e6 / calm).toFixed(2),
  };
  report(context, { runs: NORMAL, ...harm, delivered, failed, dropped, pending, ...p99s });
  expect(harm).toMatchObject({ reentries: planned.reentries, hanging: 1 });
  expect(harm.deltas).toBeGreaterThan(0);
  expect(audit.balance).toBe(0);
});

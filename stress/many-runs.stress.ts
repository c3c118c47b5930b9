import { expect, test } from 'vitest';
import type { ManyRuns, ManyRunsOptions } from './many-runs.child.ts';
import { report } from './report.ts';
import { runChild } from './run-child.ts';
import { pick } from './volume.ts';

const run = (options: ManyRunsOptions): Promise<ManyRuns> => runChild('many-runs.child.ts', options);

test('D06: runs at once, each with a tracer of the same class: none foreign, none out of order, none lost', async (context) => {
  const runs = pick({ short: 2000, long: 10_000 });
  const result = await run({ runs });
  const { events, foreign, disordered, lost, balance, failed, ms, rssGrowthMb, heldKbPerRun } = result;
  const counts = { runs, events, foreign, disordered, lost, balance, failed: failed[0] };
  const memory = { 'RSS growth MB': Math.round(rssGrowthMb), 'KB held per run': Math.round(heldKbPerRun) };
  report(context, {
    ...counts,
    'µs per event': Math.round((ms * 1000) / events),
    ms: Math.round(ms),
    ...memory,
  });
  expect(result.findings).toEqual([]);
  expect({ foreign, disordered, lost, balance }).toEqual({ foreign: 0, disordered: 0, lost: 0, balance: 0 });
  // One task, one agent, five calls and four tools in each run; one tracer in twenty fails on every second event.
  expect(events).toBe(runs * 24);
  expect(failed).toEqual([(runs / 20) * 12, (runs / 20) * 12]);
});

test('D06: the same counts see the fault of a process-global list, when it is planted', async (context) => {
  const { runs, foreign, lost, balance } = await run({ runs: 100, isPlanted: true });
  report(context, { runs, foreign, lost, balance });
  expect(foreign).toBeGreaterThan(0);
  expect(lost).toBeGreaterThan(0);
});

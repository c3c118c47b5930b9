import { expect, test } from 'vitest';
import { report } from './report.ts';
import { runChild } from './run-child.ts';
import type { Soak, SoakOptions } from './soak.child.ts';
import { pick } from './volume.ts';

// A run holds about 10 KB while it is under way, one event of it some 200 bytes: whatever is kept of each run is far
// above either bound. The short one is looser, since compiled code and inline caches of the first thousands of runs
// grow the heap by some 100 KB once, and so few runs do not average that out.
const BYTES_PER_RUN = pick({ short: 200, long: 50 });

test('D07: a run that is over leaves nothing on the heap, and no listener, timer or handle', async (context) => {
  const options: SoakOptions = pick({
    short: { runs: 10_000, warmUp: 4000, every: 500 },
    long: { runs: 100_000, warmUp: 20_000, every: 2000 },
  });
  const result: Soak = await runChild('soak.child.ts', options);
  const { runs, samples, bytesPerRun, foreign, disordered, unheard, before, after, ms } = result;
  const slope = { 'heap bytes per run': Math.round(bytesPerRun), bound: BYTES_PER_RUN, samples };
  report(context, {
    runs,
    ...slope,
    foreign,
    disordered,
    unheard,
    'µs per run': Math.round((ms * 1000) / runs),
  });
  expect({ foreign, disordered, unheard }).toEqual({ foreign: 0, disordered: 0, unheard: 0 });
  expect(after).toEqual(before);
  expect(bytesPerRun).toBeLessThan(BYTES_PER_RUN);
});

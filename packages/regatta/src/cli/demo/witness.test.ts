import { expect, test } from 'vitest';
import { createRuntime, type RunEvent } from '../../index.ts';
import { type Outcome, runAll } from '../run-all.ts';
import { createDemoRuns, type DemoRun } from './demo-runs.ts';
import { isExact, sumTallies, tallyOf } from './tally.ts';
import { Witness } from './witness.ts';

async function runDemo(runs: readonly DemoRun[]): Promise<readonly Outcome[]> {
  const runtime = createRuntime({ llm: 'rehearsal' });
  try {
    return await runAll(
      runs.map(({ entry }) => entry),
      { runtime, concurrency: runs.length, signal: new AbortController().signal, onChange: () => undefined },
    );
  } finally {
    await runtime.close();
  }
}

function talliesOf(runs: readonly DemoRun[], outcomes: readonly Outcome[]) {
  return outcomes.map((outcome, index) => tallyOf(outcome, runs[index]!.witness));
}

test('each of twelve runs at once, with callbacks of one class, is heard by its own callback alone', async () => {
  const runs = createDemoRuns();
  const outcomes = await runDemo(runs);
  expect(outcomes.map(({ status }) => status)).toEqual(runs.map(() => 'succeeded'));
  const tallies = talliesOf(runs, outcomes);
  for (const tally of tallies) expect(tally).toSatisfy(isExact);
  expect(sumTallies(tallies).emitted).toBeGreaterThan(200);
});

test('the same counters find the list that all runs share, where the newest of a class evicts the others', async () => {
  const shared: Witness[] = [];
  /** As in the defect that this package began with: a list of the process, one callback for each class. */
  const register = (witness: Witness): void => {
    const older = shared.findIndex((other) => other.constructor === witness.constructor);
    if (older >= 0) shared.splice(older, 1);
    shared.push(witness);
  };
  const runs = createDemoRuns((witness) => {
    register(witness);
    return (event) => {
      for (const each of shared) each.onEvent(event);
    };
  });
  const outcomes = await runDemo(runs);
  const tallies = talliesOf(runs, outcomes);
  const total = sumTallies(tallies);
  expect(total.foreign).toBeGreaterThan(0);
  expect(tallies.filter(isExact)).toEqual([]);
  const newest = tallies.at(-1)!;
  expect(newest.delivered).toBe(total.emitted); // it hears everybody
  expect(newest.foreign).toBe(total.emitted - newest.emitted);
  for (const evicted of tallies.slice(0, -1)) expect(evicted).toMatchObject({ delivered: 0, foreign: 0 });
});

test.each([
  ['its own', { runId: 'mine', text: 'RUN-a1b2' }, 0],
  ['no marker', { runId: 'mine', text: 'RUN-XYZ' }, 0],
  ['another run', { runId: 'other' }, 1],
  ["another run's marker", { runId: 'mine', args: { deep: ['see RUN-3f0c'] } }, 1],
])('%s', (_name, event, foreign) => {
  const witness = new Witness('RUN-a1b2');
  witness.belongTo('mine');
  witness.onEvent(event as unknown as RunEvent);
  expect(witness).toMatchObject({ heard: 1, foreign });
});

test('a witness that does not know its run takes every event for foreign', () => {
  const witness = new Witness('RUN-a1b2');
  witness.onEvent({ runId: 'mine' } as RunEvent);
  expect(witness.foreign).toBe(1);
});

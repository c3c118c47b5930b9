import { expect, test } from 'vitest';
import { Agent, Crew, formatScores, Task } from '../index.ts';
import { createManualClock, scriptedModel } from '../testing/index.ts';
import { json, played } from '../testing/played.fixture.ts';
import { createCore } from './core.ts';
import { createRuntime } from './runtime.ts';

const PRICE = { inputUsdPerMillion: 100, outputUsdPerMillion: 100 };

function crewOf(parts: Parameters<typeof played>[0]) {
  const llm = played(parts);
  const [pilot, writer] = ['Pilot', 'Writer'].map((role) => new Agent({ role, goal: 'Work', llm }));
  const tasks = [
    new Task({ name: 'tides', description: 'Tides at {harbour}', expectedOutput: 'Times', agent: pilot! }),
    new Task({ name: 'page', description: 'Write it', expectedOutput: 'A page', agent: writer! }),
  ];
  return new Crew({ agents: [pilot!, writer!], tasks });
}

const inputs = { harbour: 'Cowes' };

test('each run is scored task by task, with averages, times and money of crew and judge apart', async () => {
  let runs = 0;
  const clock = createManualClock();
  const crew = crewOf({
    Pilot: async () => {
      await clock.advance(1000 * ++runs);
      return `tides of run ${runs}`;
    },
    Writer: () => 'a page',
  });
  const judge = scriptedModel(
    [
      ({ messages }) =>
        json({ score: /Answer:\ntides of run 2/.test(String(messages[0]?.content)) ? 9 : 6, reason: 'Fair' }),
    ],
    { loop: true, price: PRICE },
  );
  const result = await crew.test({ iterations: 2, judge, inputs, runtime: { core: createCore({ clock }) } });

  expect(result.averageScore).toBe(6.75);
  expect(result.tasks).toMatchObject([
    {
      task: 'tides',
      agent: 'Pilot',
      scores: [6, 9],
      averageScore: 7.5,
      averageDurationMs: 1500,
      averageCostUsd: 0.00002,
    },
    { task: 'page', agent: 'Writer', scores: [6, 6], averageScore: 6, averageDurationMs: 0 },
  ]);
  expect([result.costUsd, result.judgeCostUsd]).toEqual([0.00008, 0.006]);
  expect(result.iterations.map(({ durationMs, usage, error }) => [durationMs, usage.calls, error])).toEqual([
    [1000, 2, null],
    [2000, 2, null],
  ]);
  expect(String(judge.requests[0]!.messages[0]!.content)).toMatch(
    /Task:\nTides at Cowes\n\nExpected output: Times\n\nAnswer:\ntides of run 1/,
  );
  expect(formatScores(result).split('\n')).toEqual([
    'task   agent   #1  #2  average  ms    USD',
    'tides  Pilot   6   9   7.5      1500  0.000020',
    'page   Writer  6   6   6.0      0     0.000020',
    '',
    'Average 6.8 of 10; crew 0.000080 USD, judge 0.006000 USD.',
  ]);
});

test('a run or a judge that fails is an iteration with an error, and the others count', async () => {
  let runs = 0;
  const crew = crewOf({
    Pilot: () => (++runs === 2 ? { error: new Error('fog') } : 'tides'),
    Writer: () => 'a page',
  });
  const judge = scriptedModel([json({ score: 8, reason: 'Good' })], { loop: true });
  const result = await crew.test({ iterations: 2, judge, inputs });
  expect(result.iterations.map(({ tasks, error }) => [tasks.length, error?.code])).toEqual([
    [2, undefined],
    [0, 'run/failed'],
  ]);
  expect([result.averageScore, result.judgeCostUsd]).toEqual([8, null]);
  expect(formatScores(result)).toMatch(
    /tides {2}Pilot {3}8 {3}- {3}8.0[\s\S]*judge unknown USD.\n#2 failed: run\/failed: .*fog/,
  );

  const silly = scriptedModel([json({ score: 11, reason: 'Wow' })], { loop: true });
  const unjudged = await crewOf({ Pilot: () => 'x', Writer: () => 'y' }).test({
    iterations: 1,
    judge: silly,
    inputs,
  });
  expect(unjudged.iterations[0]).toMatchObject({ tasks: [], error: { code: 'output/invalid' } });
  expect(unjudged.averageScore).toBeNull();
});

test('an aborted test rejects, and bad options are refused before anything is spent', async () => {
  const abort = new AbortController();
  const crew = crewOf({
    Pilot: () => {
      abort.abort(new Error('enough'));
      return 'tides';
    },
    Writer: () => 'a page',
  });
  const judge = scriptedModel([json({ score: 8, reason: 'Good' })], { loop: true });
  await expect(
    crew.test({ iterations: 1, judge, inputs, signal: abort.signal, runtime: createRuntime({}) }),
  ).rejects.toThrow('enough');
  await expect(crew.test({ iterations: 0, judge, inputs })).rejects.toMatchObject({
    code: 'definition/invalid',
  });
  expect(judge.requests).toEqual([]);
});

// The counters of the benchmark must be able to see what they are there for: each fault is planted once.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { open as openLoop } from './contestants/loop.ts';
import { open as openFetchLoop } from './contestants/loop-fetch.ts';
import { open as openRegatta } from './contestants/regatta.ts';
import { markerOf, type RunCrew, runCounted } from './job.ts';
import { type MockModel, startMockModel } from './mock-model.ts';
import { EVENTS_PER_CREW, type EventObserver, type HeardEvent, Tally } from './tally.ts';

let model: MockModel;

beforeAll(async () => {
  model = await startMockModel({ keepsBodies: true });
});

afterAll(async () => {
  await model.close();
});

const CREWS = 12;

/** The counts of crews that run at once, added up. */
async function runAtOnce(runCrew: RunCrew): Promise<Record<'lost' | 'extra' | 'foreign' | 'wrong', number>> {
  const results = await Promise.all(
    Array.from({ length: CREWS }, (_, index) => runCounted(runCrew, index + 1)),
  );
  const sum = (pick: (result: (typeof results)[number]) => number): number =>
    results.reduce((all, result) => all + pick(result), 0);
  return {
    lost: sum(({ lost }) => lost),
    extra: sum(({ extra }) => extra),
    foreign: sum(({ foreign }) => foreign),
    wrong: sum(({ isRight }) => (isRight ? 0 : 1)),
  };
}

async function withLoop<T>(use: (runCrew: RunCrew) => Promise<T>): Promise<T> {
  const loop = await openLoop({ baseURL: `${model.origin}/v1` });
  try {
    return await use(loop.runCrew);
  } finally {
    await loop.close();
  }
}

const NO_FAULTS = { lost: 0, extra: 0, foreign: 0, wrong: 0 };

test.each([
  ['loop', openLoop],
  ['loop-fetch', openFetchLoop],
  ['regatta', openRegatta],
])('%s does the job without a fault, many crews at once', async (_name, open) => {
  const contestant = await open({ baseURL: `${model.origin}/v1` });
  try {
    expect(await runAtOnce(contestant.runCrew)).toEqual(NO_FAULTS);
  } finally {
    await contestant.close();
  }
});

test('an observer in a variable that crews share is seen as lost and as foreign events', async () => {
  const shared: { observer?: EventObserver } = {};
  const mutate =
    (runCrew: RunCrew): RunCrew =>
    (marker, observer) => {
      shared.observer = observer;
      return runCrew(marker, { hear: (event) => shared.observer?.hear(event) });
    };
  const { lost, foreign, wrong } = await withLoop((runCrew) => runAtOnce(mutate(runCrew)));
  expect(lost).toBeGreaterThan(0);
  expect(foreign).toBeGreaterThan(0);
  expect(wrong).toBe(0);
});

test('observers in a list that crews share are seen as foreign events, and none are lost', async () => {
  const all = new Set<EventObserver>();
  const mutate =
    (runCrew: RunCrew): RunCrew =>
    async (marker, observer) => {
      all.add(observer);
      const hear = (event: HeardEvent): void => {
        for (const one of all) one.hear(event);
      };
      return await runCrew(marker, { hear });
    };
  const { lost, foreign } = await withLoop((runCrew) => runAtOnce(mutate(runCrew)));
  expect(foreign).toBeGreaterThan(0);
  expect(lost).toBeGreaterThanOrEqual(0);
});

test('the same event twice is extra, an event that never comes is lost', async () => {
  const twice: RunCrew = (marker, observer) =>
    withLoop((runCrew) =>
      runCrew(marker, {
        hear(event) {
          observer.hear(event);
          if (event.type === 'tool.end') observer.hear(event);
        },
      }),
    );
  expect(await runAtOnce(twice)).toEqual({ ...NO_FAULTS, extra: CREWS });
  const deaf: RunCrew = (marker, observer) =>
    withLoop((runCrew) =>
      runCrew(marker, {
        hear(event) {
          if (event.type !== 'task.end') observer.hear(event);
        },
      }),
    );
  expect(await runAtOnce(deaf)).toEqual({ ...NO_FAULTS, lost: CREWS * 2 });
});

test('an answer of another crew is wrong', async () => {
  const swapped: RunCrew = (_marker, observer) => withLoop((runCrew) => runCrew(markerOf(1000), observer));
  expect((await runAtOnce(swapped)).wrong).toBe(CREWS);
});

test('an event is foreign by the id of its run, and by another marker anywhere in its text', () => {
  const tally = new Tally(markerOf(1));
  tally.hear({ type: 'run.start', runId: 'a', text: `About ${markerOf(1)}.` });
  tally.hear({ type: 'task.start', runId: 'b', text: null });
  tally.hear({ type: 'task.start', runId: 'a', text: `${markerOf(1)} and ${markerOf(2)}` });
  expect(tally.count()).toEqual({
    expected: EVENTS_PER_CREW,
    received: 1,
    lost: EVENTS_PER_CREW - 1,
    extra: 0,
    foreign: 2,
  });
});

test('the loop and regatta ask for the same: as many calls, of the same roles, of about the same size', async () => {
  const ask = async (
    open: typeof openLoop,
  ): Promise<readonly (readonly [roles: string, length: number])[]> => {
    const from = model.bodies.length;
    const contestant = await open({ baseURL: `${model.origin}/v1` });
    await runCounted(contestant.runCrew, 1);
    await contestant.close();
    return model.bodies.slice(from).map((body) => {
      const { messages } = JSON.parse(body) as { messages: { role: string }[] };
      return [messages.map(({ role }) => role).join(), body.length];
    });
  };
  const [loop, regatta] = [await ask(openLoop), await ask(openRegatta)];
  expect(loop).toHaveLength(3);
  expect(regatta.map(([roles]) => roles)).toEqual(loop.map(([roles]) => roles));
  for (const [index, [, length]] of regatta.entries()) {
    const ratio = length / (loop[index]?.[1] ?? 0);
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.25);
  }
});

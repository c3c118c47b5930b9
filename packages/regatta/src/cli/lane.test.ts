import { expect, test } from 'vitest';
import { createRuntime, Embedder, memoryCache, type ReadableEvent, type RunEvent } from '../index.ts';
import { crew } from './fixtures/greeter.fixture.ts';
import { createLane, elapsedMs, foldLane, type Lane } from './lane.ts';

async function eventsOf(inputs: Record<string, string>): Promise<readonly ReadableEvent[]> {
  const run = crew.start({ inputs });
  const events: ReadableEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
}

/** The lane after each event. */
function foldAll(events: readonly ReadableEvent[]): readonly Lane[] {
  let lane = createLane('greeter', 2);
  return events.map((event) => {
    lane = foldLane(lane, event);
    return lane;
  });
}

const names = ({ open }: Lane): string => open.map(({ kind, name }) => `${kind} ${name}`).join(' > ');

test('a lane follows its run from task to task, agent, model and tool', async () => {
  const events = await eventsOf({ name: 'Ada', verb: 'Count' });
  const lanes = foldAll(events);
  const trail = lanes.map(names).filter((text, index, all) => text !== all[index - 1]);
  expect(trail).toEqual([
    '',
    'task greet',
    'task greet > agent Greeter',
    'task greet > agent Greeter > model scripted/model',
    'task greet > agent Greeter',
    'task greet > agent Greeter > tool note',
    'task greet > agent Greeter',
    'task greet > agent Greeter > model scripted/model',
    'task greet > agent Greeter',
    'task greet',
    '',
    'task count',
    'task count > agent Counter',
    'task count > agent Counter > model scripted/model',
    'task count > agent Counter',
    'task count',
    '',
  ]);
  expect(lanes.at(0)).toMatchObject({ status: 'running', doneTasks: 0, calls: 0 });
});

test('the counts of the events agree with the totals that the run gives at its end', async () => {
  const events = await eventsOf({ name: 'Ada', verb: 'Count' });
  const [before, after] = foldAll(events).slice(-2);
  expect(before).toMatchObject({ status: 'running', doneTasks: 2, calls: 3, tokens: 45 });
  expect(after).toMatchObject({ status: 'succeeded', doneTasks: 2, calls: 3, tokens: 45, errorCode: null });
  expect(after?.costUsd).toBeCloseTo(before?.costUsd ?? Number.NaN, 12);
});

test('requests for embeddings are calls, and what a cache gives is none', async () => {
  const embedder = new Embedder({ model: 'rehearsal', cache: { store: memoryCache() } });
  const runtime = createRuntime({ env: {} });
  for (const texts of [['one'], ['one', 'new'], ['one']]) {
    const events: ReadableEvent[] = [];
    const run = embedder.start(texts, { runtime });
    for await (const event of run.events()) events.push(event);
    const lanes = foldAll(events);
    expect(lanes.some((lane) => names(lane).startsWith('embed rehearsal/'))).toBe(true);
    const [before, after] = lanes.slice(-2);
    expect(after).toMatchObject({ status: 'succeeded', open: [] });
    expect(before).toMatchObject({ calls: after!.calls, tokens: after!.tokens, costUsd: after!.costUsd });
  }
});

test('a failed run shows its error and what was done before it', async () => {
  const lane = foldAll(await eventsOf({ name: 'Ada', verb: 'Refuse' })).at(-1);
  expect(lane).toMatchObject({
    status: 'failed',
    doneTasks: 1,
    errorCode: 'model/authentication',
    open: [],
  });
});

test('one call of unknown cost makes the cost unknown', () => {
  const usage = { inputTokens: 5, outputTokens: null, cachedInputTokens: null, cacheWriteTokens: null };
  const end = (costUsd: number | null): RunEvent =>
    ({ type: 'model.end', spanId: 'x', usage, costUsd }) as unknown as RunEvent;
  const lane = [end(1), end(null), end(1)].reduce(foldLane, createLane('a', 1));
  expect(lane).toMatchObject({ tokens: 15, costUsd: null });
});

test('what was written is void after a retry, and gone when the call ends', () => {
  const delta = (text: string, kind = 'text'): RunEvent =>
    ({ type: 'model.delta', kind, text }) as unknown as RunEvent;
  const lane = [delta('The ti'), delta('{}', 'tool-call'), delta('de')].reduce(foldLane, createLane('a', 1));
  expect(lane.written).toBe('The tide');
  expect(foldLane(lane, { type: 'model.retry' } as unknown as RunEvent).written).toBe('');
});

test('a gap changes nothing, and time stands still at the end', () => {
  const lane = createLane('a', 1);
  expect(foldLane(lane, { type: 'events.gap', fromSeq: 0, toSeq: 9 })).toBe(lane);
  expect(elapsedMs(lane, 99)).toBeNull();
  expect(elapsedMs({ ...lane, startedAt: 10 }, 99)).toBe(89);
  expect(elapsedMs({ ...lane, startedAt: 10, endedAt: 30 }, 99)).toBe(20);
});

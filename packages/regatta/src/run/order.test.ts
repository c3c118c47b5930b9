import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createCore } from '../api/core.ts';
import type { Clock } from '../base/clock.ts';
import { createId } from '../base/ids.ts';
import { defineTool, type RunEvent } from '../index.ts';
import { RateLimiter } from '../observe/rate-limit.ts';
import { checkTrace, createManualClock } from '../testing/index.ts';
import { asks } from '../testing/limiter-conformance.fixture.ts';
import { eventsOf, inputsOf, markedCrew } from '../testing/marked.fixture.ts';

/** A wall clock that is set back by a second each time it is read. Monotonic time stands still. */
function backwardsClock(): Clock {
  let now = 1_700_000_000_000;
  return { ...createManualClock(), now: () => (now -= 1000) };
}

test('a wall clock that runs backwards changes neither order nor ids (R69)', async () => {
  const core = createCore({ clock: backwardsClock() });
  const crew = markedCrew(['one two three']);
  const runs = Array.from({ length: 20 }, (_, index) =>
    crew.start({ inputs: inputsOf(index), stream: true, runtime: { core } }),
  );
  await Promise.all(runs.map(({ result }) => result));
  expect(new Set(runs.map(({ id }) => id)).size).toBe(20);
  for (const run of runs) {
    const events = await eventsOf(run);
    expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
    const times = events.flatMap((event) => ('time' in event ? [event.time] : []));
    expect(times).toEqual([...times].sort((one, other) => other - one)); // backwards, as the clock says
  }
});

test('ids of one millisecond differ (R69)', () => {
  const clock = createManualClock(1_700_000_000_000);
  const ids = new Set(Array.from({ length: 10_000 }, () => createId(clock, Math.random)));
  expect(ids.size).toBe(10_000);
});

test('durations are measured by the monotonic clock: setting the wall clock frees nobody early (R69)', async () => {
  const manual = createManualClock();
  let offset = 0;
  const clock: Clock = { ...manual, now: () => manual.now() + offset };
  const limiter = new RateLimiter('run', { requestsPerMinute: 1 }, clock);
  const { signal } = new AbortController();
  await limiter.acquire(asks(1), signal);
  let isNext = false;
  const next = limiter.acquire(asks(1), signal).then(() => {
    isNext = true;
  });
  offset = 3_600_000;
  await manual.advance(59_000);
  expect(isNext).toBe(false);
  await manual.advance(1000);
  await next;
});

/** The tree of a run by parents, as it was asked for: turns of tools that end in any order. */
test('every event names the parent that opened it, whatever ran beside it (R70)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 6 }), async (scheduler, count) => {
      const wait = defineTool({
        name: 'wait',
        description: 'Waits.',
        input: z.object({ index: z.number() }),
        execute: ({ index }) => scheduler.schedule(Promise.resolve(`${index}`)),
      });
      const calls = Array.from({ length: count }, (_, index) => ({ tool: 'wait', args: { index } }));
      const crew = markedCrew(
        [({ messages }) => (messages.at(-1)?.role === 'tool' ? 'done' : { toolCalls: calls })],
        { tools: [wait] },
      );
      const run = crew.start({ inputs: inputsOf(0) });
      await scheduler.waitFor(run.result);
      const events = (await eventsOf(run)) as RunEvent[];
      const agent = `${run.id}/sail/agent`;
      const parents = new Map(events.map(({ spanId, parentId }) => [spanId, parentId]));
      expect(Object.fromEntries(parents)).toEqual({
        [run.id]: null,
        [`${run.id}/sail`]: run.id,
        [agent]: `${run.id}/sail`,
        [`${agent}/turn-1`]: agent,
        [`${agent}/turn-2`]: agent,
        ...Object.fromEntries(calls.map((_, index) => [`${agent}/turn-1/tool-${index}`, agent])),
      });
      for (const { spanId, parentId } of events) expect(parentId).toBe(parents.get(spanId));
    }),
    { numRuns: 50 },
  );
});

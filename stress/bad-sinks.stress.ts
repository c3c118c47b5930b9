import { setTimeout as sleep } from 'node:timers/promises';
import { type Audit, callback, createRuntime, type RunEvent } from 'regatta';
import { checkTrace } from 'regatta/testing';
import { expect, test } from 'vitest';
import { report } from './report.ts';
import { eventsOf, steadyCrew } from './steady-crew.ts';
import { Tracer } from './tracer.ts';

const CALLS = 20;
const EVENTS = eventsOf(CALLS);
/** The breaker's default: failures in a row after which events are dropped, and counted. */
const BREAK_AFTER = 16;
const DEADLINE_MS = 200;
const crew = steadyCrew(CALLS);

interface Outcome {
  readonly audit: Audit;
  readonly trace: readonly string[];
  readonly flushMs: number;
  readonly runMs: number;
}

/** A run that a sink hears, next to a callback that is as it should be. */
async function runWith(sink: (event: RunEvent) => unknown, timeoutMs = 60_000): Promise<Outcome> {
  const runtime = createRuntime({ onCallbackError: () => undefined });
  const tracer = new Tracer('the-marker');
  const callbacks = [callback(sink, { name: 'sink', timeoutMs }), tracer];
  const before = performance.now();
  const run = runtime.start(crew, { inputs: { marker: 'the-marker' }, callbacks });
  const { text } = await run.result;
  const ended = performance.now();
  expect(text).toBe('the end');
  const early = await run.flush({ timeoutMs: DEADLINE_MS });
  const flushMs = performance.now() - ended;
  // A sink that is given up on in time needs no deadline; one that hangs for good is waited for no longer.
  const audit = timeoutMs < DEADLINE_MS ? await run.flush() : early;
  const events = await Array.fromAsync(run.events());
  expect(checkTrace(events, { ledger: run.ledger, audit })).toEqual([]);
  expect([tracer.heard, tracer.foreign, tracer.disordered]).toEqual([EVENTS, 0, 0]);
  return { audit, trace: events.map(({ type }) => type), flushMs, runMs: ended - before };
}

const sinkOf = ({ lanes }: Audit) => lanes.find(({ name }) => name === 'sink');
const counts = { offered: EVENTS, delivered: 0, failed: 0, coalesced: 0, pending: 0 };

const sinks: readonly (readonly [
  name: string,
  sink: (event: RunEvent) => unknown,
  expected: object,
  timeoutMs?: number,
])[] = [
  ['never answers', () => new Promise(() => undefined), { pending: EVENTS }],
  ['answers after its timeout', () => sleep(60_000, null, { ref: false }), { pending: EVENTS }],
  ['rejects', () => Promise.reject(new Error('refused')), brokenAfter(BREAK_AFTER)],
  ['throws', fail, brokenAfter(BREAK_AFTER)],
  ['answers with what is no promise', () => withThen('not a function'), { delivered: EVENTS }],
  ['has a then that throws', () => withThen(fail), brokenAfter(BREAK_AFTER)],
  [
    'has a then that cannot be read',
    () => Object.defineProperty({}, 'then', { get: fail }),
    brokenAfter(BREAK_AFTER),
  ],
  ['never answers, and has 1 ms', () => new Promise(() => undefined), brokenAfter(BREAK_AFTER), 1],
];

for (const [name, sink, expected, timeoutMs] of sinks) {
  test(`D20: a sink that ${name} changes nothing of the run, and flush counts every event`, async (context) => {
    const calm = await runWith(() => undefined);
    const { audit, trace, flushMs, runMs } = await runWith(sink, timeoutMs);
    const lane = sinkOf(audit);
    const ratios = {
      'run/calm run': ratio(runMs, calm.runMs),
      'flush/deadline': ratio(flushMs, DEADLINE_MS),
    };
    const { offered = 0, delivered = 0, failed = 0, dropped, pending = 0 } = lane ?? {};
    report(context, { offered, delivered, failed, dropped: dropped?.broken ?? 0, pending, ...ratios });
    expect(trace).toEqual(calm.trace);
    expect(lane).toMatchObject({ ...counts, ...expected });
  });
}

test('D20: flush returns at its deadline with what a late sink has done until then, and later with the rest', async (context) => {
  const runtime = createRuntime();
  const sink = callback(() => sleep(5), { name: 'sink' });
  const run = runtime.start(crew, { inputs: { marker: 'the-marker' }, callbacks: [sink] });
  await run.result;
  const early = await run.flush({ timeoutMs: 20 });
  const late = await run.flush();
  report(context, { offered: EVENTS, 'delivered early': early.delivered, 'delivered late': late.delivered });
  expect(early.delivered + early.pending).toBe(EVENTS);
  expect(early.pending).toBeGreaterThan(0);
  expect(late).toMatchObject({ delivered: EVENTS, pending: 0, failed: 0, dropped: 0, balance: 0 });
});

/** An object that is awaited, and may not be what it seems. */
function withThen(then: unknown): object {
  return Object.fromEntries([['then', then]]);
}

function fail(): never {
  throw new Error('This sink fails on purpose.');
}

function brokenAfter(failed: number): object {
  return { failed, dropped: { full: 0, broken: EVENTS - failed } };
}

function ratio(one: number, other: number): string {
  return (one / other).toFixed(2);
}

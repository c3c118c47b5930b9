/** Whatever crews share, and however their work interleaves, each says what it says alone (D09). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stableStringify } from '../base/json.ts';
import type { RunEvent } from '../index.ts';
import { checkTrace } from '../testing/index.ts';
import { eventsOf, markerOf, markersIn, pictureOf, settle } from '../testing/marked.fixture.ts';
import { kickoffOf, sharedYard, type Turn, type Yard } from './shared-teams.fixture.ts';

const WAYS = ['sequential', 'graph', 'hierarchical', 'consensus'] as const;
const COUNT = 8;

interface Seen {
  /** A line for each event, by span, then the output and what was billed. */
  readonly transcript: readonly string[];
  readonly markers: readonly string[];
  readonly findings: readonly string[];
  readonly types: ReadonlySet<string>;
}

/** One run to its end: all that it said, and whose markers are in its output, events and ledger. */
async function see(yard: Yard, index: number, turn: Turn): Promise<Seen> {
  const run = yard.crews[WAYS[index % WAYS.length]!]!.start(kickoffOf(index, turn));
  const output = await run.result;
  const events = (await eventsOf(run)) as RunEvent[];
  const findings = checkTrace(events, { ledger: run.ledger, audit: run.audit() });
  const { usage: _, ...rest } = output;
  const bills = run.ledger.toSorted((a, b) => (a.attemptId < b.attemptId ? -1 : 1)); // settled as they end
  const facts = [...bySpan(events), rest, ...bills];
  return {
    transcript: facts.map((fact) => plain(fact).replaceAll(run.id, 'RUN')),
    markers: [...markersIn([output, events, run.ledger])],
    findings,
    types: new Set(events.map((event) => ('cached' in event && event.cached ? 'cached' : event.type))),
  };
}

/**
 * What differs from run to run by nature: times; which of two uses at once of one kept result was the
 * first; letters of candidates, which are drawn from the run's id.
 */
const VARYING = ['time', 'durationMs', 'usage', 'seq', 'id', 'cached', 'candidates', 'winner'];

function plain(fact: unknown): string {
  const text = JSON.stringify(fact, (key, value: unknown) => (VARYING.includes(key) ? undefined : value));
  return stableStringify(JSON.parse(text));
}

/** Work at once may end in any order; within a span the order is fixed. */
function bySpan(events: readonly RunEvent[]): readonly unknown[] {
  const spans = Map.groupBy(events, ({ spanId }) => spanId);
  return [...spans].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, own]) => own);
}

async function alone(): Promise<readonly Seen[]> {
  const yard = sharedYard(settle);
  const seen: Seen[] = [];
  for (let index = 0; index < COUNT; index++) seen.push(await see(yard, index, settle));
  return seen;
}

/** What it takes part in, by the way that a crew works. */
const MEETS = [
  ['plan.end', 'delegation.end', 'memory.end', 'guardrail.end', 'input.end', 'cached'],
  ['delegation.end', 'memory.end', 'guardrail.end', 'input.end', 'cached'],
  ['plan.end', 'review.end', 'delegation.end', 'guardrail.end', 'input.end', 'cached'],
  ['plan.end', 'decision.end', 'guardrail.end', 'input.end', 'cached'],
];

test('at once, in any interleaving, each says what it says alone, and nobody is told of another (D09, R32)', async () => {
  const serial = await alone();
  for (const [index, { types, markers, findings }] of serial.entries()) {
    expect(findings).toEqual([]);
    expect(markers).toEqual([markerOf(index)]);
    for (const type of MEETS[index % WAYS.length]!) expect(types).toContain(type);
  }
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: COUNT }), async (scheduler, count) => {
      const turn = () => scheduler.schedule(Promise.resolve());
      const yard = sharedYard(turn);
      const runs = Array.from({ length: count }, (_, index) => see(yard, index, turn));
      for (const [index, seen] of (await scheduler.waitFor(Promise.all(runs))).entries()) {
        expect(seen.markers).toEqual([markerOf(index)]);
        expect(seen).toEqual({ ...serial[index], types: seen.types });
      }
      for (const { messages } of yard.llm.requests) expect(markersIn(messages).size).toBe(1);
    }),
    { numRuns: 25 },
  );
});

/** All at once, each turn one of the event loop. */
async function atOnce(cacheKey?: () => string): Promise<readonly Seen[]> {
  const yard = sharedYard(settle, cacheKey);
  return await Promise.all(Array.from({ length: COUNT }, (_, index) => see(yard, index, settle)));
}

test('a cache whose key says nothing of whose results they are is found out, so this test can fail', async () => {
  const right = await atOnce();
  expect(right.map(({ markers }) => markers.length)).toEqual(Array.from({ length: COUNT }, () => 1));
  const naive = await atOnce(() => 'everybody');
  expect(naive.filter(({ markers }) => markers.length > 1).length).toBeGreaterThan(0);
});

test('definitions of teams are the same, and frozen, whatever their runs did, also a cancelled one (D10, R34)', async () => {
  const yard = sharedYard(settle);
  const { llm: _, ...definitions } = yard;
  const before = pictureOf(definitions);
  const runs = Array.from({ length: COUNT }, (__, index) => see(yard, index, settle));
  const cancelled = WAYS.map((way, index) => yard.crews[way]!.start(kickoffOf(COUNT + index, settle)));
  for (const run of cancelled) {
    await settle();
    run.cancel('enough');
  }
  await Promise.allSettled([...runs, ...cancelled.map(({ result }) => result)]);
  expect(pictureOf(definitions)).toEqual(before);
  const { crews, agents, tasks } = yard;
  const crewParts = Object.values(crews).flatMap((crew) => [
    crew,
    crew.team,
    crew.plan,
    crew.agents,
    ...(crew.manager ? [crew.manager] : []),
    ...(crew.planner ? [crew.planner] : []),
  ]);
  for (const part of [...agents, agents[1]!.planning, agents[0]!.memory, ...tasks, ...crewParts])
    expect(Object.isFrozen(part)).toBe(true);
});

import {
  Agent,
  Crew,
  callback,
  createRuntime,
  type OverflowPolicy,
  type RunEvent,
  type Spill,
  Task,
} from 'regatta';
import { checkTrace, createGate } from 'regatta/testing';
import { expect, test } from 'vitest';
import { quickModel } from './quick-model.ts';
import { report } from './report.ts';

const BURST = 10_000;
const CAPACITY = 2048;
const TASKS = 10;
const PIECES = BURST / TASKS;

/** Ten tasks, so that there are ends in the middle of the burst, each with a thousandth of it as pieces. */
function burstCrew(): Crew {
  const llm = quickModel(() => 'x'.repeat(PIECES), { pieces: (text) => text });
  const agent = new Agent({ role: 'Talker', goal: 'Talk', llm });
  const tasks = Array.from(
    { length: TASKS },
    () => new Task({ description: 'Talk', expectedOutput: 'Words', agent, context: [] }),
  );
  return new Crew({ agents: [agent], tasks });
}

function memorySpill(): Spill {
  const kept: RunEvent[] = [];
  return {
    write: async (event) => void kept.push(event),
    take: async (limit) => kept.splice(0, limit),
    close: async () => void kept.splice(0),
  };
}

const policies: readonly (readonly [name: string, onFull: OverflowPolicy])[] = [
  ['drop-newest', 'drop-newest'],
  ['drop-oldest', 'drop-oldest'],
  ['coalesce', 'coalesce'],
  ['block', 'block'],
  ['spill', memorySpill],
];

for (const [name, onFull] of policies) {
  test(`D21: a burst of ${BURST} into ${CAPACITY} places with ${name}: every event is accounted for, no end is dropped`, async (context) => {
    const gate = createGate();
    const heard: RunEvent[] = [];
    const slow = callback(
      (event) => {
        heard.push(event);
        return gate.pass();
      },
      { name: 'slow', capacity: CAPACITY, onFull, blockMs: 5 },
    );
    const run = createRuntime().start(burstCrew(), {
      callbacks: [slow],
      stream: true,
      bufferSize: 2 * BURST,
    });
    await run.result;
    const burst = run.audit();
    gate.open();
    const audit = await run.flush();
    const events = (await Array.fromAsync(run.events())).filter((event) => event.type !== 'events.gap');
    const { emitted, offered, delivered, dropped, coalesced } = audit;
    report(context, { offered, delivered, dropped, coalesced, 'waiting at most': burst.pending });
    expect(checkTrace(events, { ledger: run.ledger, audit })).toEqual([]);
    expect(events.filter(({ type }) => type === 'model.delta')).toHaveLength(BURST);
    expect(offered).toBe(emitted);
    expect(delivered + dropped + coalesced).toBe(offered);
    expect(audit).toMatchObject({ pending: 0, failed: 0, balance: 0 });
    expect(heard).toHaveLength(delivered);
    const seqs = heard.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
    const ends = (all: readonly RunEvent[]) => all.filter(({ type }) => type.endsWith('.end'));
    expect(ends(heard)).toEqual(ends(events));
    if (name === 'spill') expect(heard).toEqual(events);
    if (name === 'coalesce')
      expect(textOf(heard).length + dropped).toBeGreaterThanOrEqual(textOf(events).length);
    if (name === 'coalesce') expect(coalesced).toBeGreaterThan(0);
    if (name.startsWith('drop') || name === 'block') expect(dropped).toBeGreaterThan(BURST - CAPACITY - 200);
  });
}

function textOf(events: readonly RunEvent[]): string {
  return events.map((event) => (event.type === 'model.delta' ? event.text : '')).join('');
}

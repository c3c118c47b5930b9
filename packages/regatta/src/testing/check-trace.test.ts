import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  Crew,
  defineTool,
  type LedgerEntry,
  LLM,
  RegattaError,
  type RunEvent,
  Task,
} from '../index.ts';
import { type AuditCounts, checkTrace, scriptedModel } from './index.ts';

const overloaded = new RegattaError('model/overloaded', 'The model is overloaded. Wait.', {
  model: 'scripted/model',
  status: 529,
  retryable: true,
  retryAfterMs: 0,
  providerCode: null,
});

interface Trace {
  readonly events: readonly RunEvent[];
  readonly ledger: readonly LedgerEntry[];
  readonly audit: AuditCounts;
}

/** A run with everything in it that rules speak of: a retry, pieces, a tool, a rejected answer, a failed and a skipped task. */
async function record(): Promise<Trace> {
  const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 2 };
  const model = scriptedModel(
    [
      { error: overloaded },
      { toolCalls: [{ tool: 'lookup', args: { word: 'luff' } }] },
      'no JSON here',
      '{ "meaning": "turn into the wind" }',
      { error: new Error('the mast broke') },
    ],
    { price },
  );
  const lookup = defineTool({
    name: 'lookup',
    description: 'Looks a word up.',
    input: z.object({ word: z.string() }),
    execute: ({ word }) => `${word} is a word`,
  });
  const llm = new LLM({ model, retry: { maxAttempts: 2, minDelayMs: 1, maxDelayMs: 1, retry: 'always' } });
  const agent = new Agent({ role: 'Sailor', goal: 'Know the sea', llm, tools: [lookup] });
  const output = z.object({ meaning: z.string() });
  const part = { description: 'Explain', expectedOutput: 'A sentence', agent };
  const tasks = [
    new Task({ ...part, name: 'explain', output }),
    new Task({ ...part, name: 'report', tools: [] }),
    new Task({ ...part, name: 'print' }),
  ];
  const run = new Crew({ agents: [agent], tasks }).start({ stream: true });
  await run.result.catch(() => undefined);
  const events: RunEvent[] = [];
  for await (const event of run.events()) if (event.type !== 'events.gap') events.push(event);
  return { events, ledger: run.ledger, audit: await run.flush() };
}

const clean = await record();

/** The clean trace with one event changed, and the others as they are. */
function change(type: RunEvent['type'], fields: object, which = 0): readonly RunEvent[] {
  const target = clean.events.filter((event) => event.type === type)[which]!;
  return clean.events.map((event) => (event === target ? ({ ...event, ...fields } as RunEvent) : event));
}

/** The events in another order, or fewer or more of them, with `seq` and ids as if nothing had happened. */
function renumber(events: readonly RunEvent[]): readonly RunEvent[] {
  return events.map((event, seq) => ({ ...event, seq, id: `event-${seq}` }));
}

function find(type: RunEvent['type'], which = 0): RunEvent {
  return clean.events.filter((event) => event.type === type)[which]!;
}

function without(...events: readonly RunEvent[]): readonly RunEvent[] {
  return renumber(clean.events.filter((event) => !events.includes(event)));
}

/** Puts an event behind another one. */
function move(event: RunEvent, behind: RunEvent): readonly RunEvent[] {
  const rest = clean.events.filter((other) => other !== event);
  const place = rest.indexOf(behind) + 1;
  return renumber([...rest.slice(0, place), event, ...rest.slice(place)]);
}

test('the trace of a run with retries, pieces, tools, a rejection, a failure and a skip is clean', () => {
  const types = new Set(clean.events.map(({ type }) => type));
  expect([...types].sort()).toEqual(
    ['agent', 'model', 'run', 'task', 'tool']
      .flatMap((noun) => [`${noun}.end`, `${noun}.start`])
      .concat('model.delta', 'model.retry', 'output.rejected')
      .sort(),
  );
  expect(clean.events.some((event) => event.type === 'task.end' && event.status === 'skipped')).toBe(true);
  expect(clean.ledger).toHaveLength(5);
  expect(checkTrace(clean.events, clean)).toEqual([]);
});

test('traces of several runs may be mixed', async () => {
  const other = await record();
  const mixed: RunEvent[] = [];
  for (let index = 0; index < clean.events.length; index++) {
    mixed.push(clean.events[index]!, other.events[index]!);
  }
  expect(checkTrace(mixed, { ledger: [...clean.ledger, ...other.ledger] })).toEqual([]);
});

const faults: readonly (readonly [name: string, trace: Partial<Trace>, finding: RegExp])[] = [
  ['no event', { events: [] }, /^The trace has no events\.$/],
  [
    'an id twice',
    { events: change('tool.start', { id: find('run.start').id }) },
    /has the id of an earlier event/,
  ],
  [
    'a hole in seq',
    { events: clean.events.filter((event) => event.type !== 'model.retry') },
    /should have seq \d+/,
  ],
  [
    'a seq that does not begin at 0',
    { events: clean.events.map((e) => ({ ...e, seq: e.seq + 1 })) },
    /should have seq 0/,
  ],
  [
    'two events in the wrong order',
    { events: clean.events.with(1, clean.events[2]!).with(2, clean.events[1]!) },
    /should have seq 1/,
  ],
  [
    'an event before run.start',
    { events: move(find('run.start'), find('task.start')) },
    /task\.start .* comes before run\.start/,
  ],
  [
    'an event after run.end',
    { events: move(find('task.end', 2), find('run.end')) },
    /task\.end .* comes after run\.end/,
  ],
  ['no run.end', { events: clean.events.slice(0, -1) }, /has no run\.end/],
  ['a start without an end', { events: without(find('tool.end')) }, /tool\.start .* has no end/],
  ['an end without a start', { events: without(find('tool.start')) }, /tool\.end .* has no start/],
  [
    'a failed task without a start',
    { events: change('task.end', { status: 'failed' }, 2) },
    /task\.end .*print .* has no start/,
  ],
  [
    'a second end',
    { events: renumber([...clean.events.slice(0, -1), find('agent.end'), find('run.end')]) },
    /agent\.end .* ends a second time/,
  ],
  [
    'a second start',
    { events: renumber(clean.events.toSpliced(2, 0, find('agent.start'))) },
    /agent\.start .* starts a second time/,
  ],
  [
    'an end of another noun',
    { events: change('tool.end', { type: 'agent.end' }) },
    /agent\.end .* has no start/,
  ],
  [
    'an end before its start',
    { events: move(find('tool.start'), find('tool.end')) },
    /tool\.end .* has no start/,
  ],
  [
    'a parent that never started',
    { events: change('tool.start', { parentId: 'elsewhere' }) },
    /tool\.start .* has a parent that never started, elsewhere/,
  ],
  [
    'a skipped task with such a parent',
    { events: change('task.end', { parentId: 'elsewhere' }, 2) },
    /task\.end .* has a parent that never started/,
  ],
  [
    'an end with another parent',
    { events: change('tool.end', { parentId: 'elsewhere' }) },
    /tool\.end .* has another parent than its start, elsewhere/,
  ],
  [
    'a start after its parent ended',
    { events: move(find('agent.end'), find('model.end', 1)) },
    /model\.start .* opens after its parent has ended/,
  ],
  [
    'a parent that ends before its child',
    { events: move(find('tool.end'), find('task.end')) },
    /agent\.end .* ends before its child, tool\.start/,
  ],
  [
    'a piece before its call',
    { events: move(find('model.delta'), find('agent.start')) },
    /model\.delta .* lies outside of its model/,
  ],
  [
    'a piece after its call',
    { events: move(find('model.delta'), find('agent.end')) },
    /model\.delta .* lies outside of its model/,
  ],
  [
    'a piece of an earlier attempt',
    { events: change('model.delta', { attempt: 2 }) },
    /model\.delta .* is of attempt 2, and 1 is under way/,
  ],
  [
    'a retry of another attempt',
    { events: change('model.retry', { attempt: 2 }) },
    /model\.retry .* is of attempt 2, and 1 is under way/,
  ],
  [
    'attempts that no retry announced',
    { events: change('model.end', { attempts: 1 }) },
    /model\.end .* counts 1 attempts, and there were 2/,
  ],
  [
    'a rejection outside of its agent',
    { events: move(find('output.rejected'), find('agent.end')) },
    /output\.rejected .* lies outside of its span/,
  ],
  [
    'an attempt that is billed twice',
    { ledger: [...clean.ledger, clean.ledger[0]!] },
    /bills attempt .* a second time/,
  ],
  [
    'an attempt that is not billed',
    { ledger: clean.ledger.slice(1) },
    /has usage\.attempts 5, and the ledger adds up to 4/,
  ],
  [
    'a call that is not in the trace',
    { ledger: clean.ledger.with(0, { ...clean.ledger[0]!, callId: 'elsewhere' }) },
    /bills call elsewhere, which is not in the trace/,
  ],
  [
    'an entry of another run',
    { ledger: clean.ledger.with(0, { ...clean.ledger[0]!, runId: 'other' }) },
    /bills call .*, which is not in the trace/,
  ],
  [
    'tokens of another task',
    { ledger: clean.ledger.map((entry) => ({ ...entry, task: 'print' })) },
    /usage\.byTask\["explain"\]\.inputTokens \d+, and the ledger adds up to 0/,
  ],
  [
    'a cost that is not the sum',
    { ledger: clean.ledger.map((entry) => ({ ...entry, costNanoUsd: 1 })) },
    /usage\.costUsd .* and the ledger adds up to 5e-9/,
  ],
  [
    'an event that a reader did not get',
    { audit: { ...clean.audit, emitted: clean.events.length + 1 } },
    /and the audit counts/,
  ],
  ['an event that nobody accounts for', { audit: { ...clean.audit, balance: 1 } }, /has balance 1/],
  [
    'an attempt that is not settled',
    { audit: { ...clean.audit, openAttempts: 1 } },
    /has 1 attempts that are not settled/,
  ],
];

for (const [name, fault, finding] of faults) {
  test(`a planted fault is found: ${name}`, () => {
    const { events, ...evidence } = { ...clean, ...fault };
    expect(checkTrace(events, evidence).join('\n')).toMatch(finding);
  });
}

test('a gap is a finding: what is not there cannot be checked', () => {
  const gap = { type: 'events.gap', fromSeq: 3, toSeq: 4 } as const;
  const events = [...clean.events.slice(0, 3), gap, ...clean.events.slice(5)];
  expect(checkTrace(events)[0]).toBe('Events 3 to 4 are missing: a buffer had no room for them.');
});

import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  Crew,
  callback,
  defineTool,
  LLM,
  RegattaError,
  type RunEvent,
  Task,
  transform,
} from '../index.ts';
import { checkTrace, type ScriptStep, scriptedModel } from '../testing/index.ts';
import { eventsOf, inputsOf, Tracer } from '../testing/marked.fixture.ts';

const retryable = new RegattaError('model/overloaded', 'Busy. Wait.', {
  model: 'scripted/model',
  status: 503,
  retryable: true,
  retryAfterMs: 1,
  providerCode: null,
});

/** Meets every type of event. */
const SCRIPT: readonly ScriptStep[] = [
  {
    toolCalls: [
      { tool: 'look', args: { at: { port: 'Brest' } } },
      { tool: 'sink', args: {} },
    ],
  },
  { text: 'half an answer', error: retryable },
  'no JSON',
  '{"at":"2026-01-02T03:04:05Z"}',
];

function crewOf() {
  const look = defineTool({
    name: 'look',
    description: 'Looks.',
    input: z.object({ at: z.object({ port: z.string() }) }),
    execute: () => ({ sea: 'calm', when: new Date(0), nothing: undefined }),
  });
  const sink = defineTool({
    name: 'sink',
    description: 'Sinks.',
    input: z.object({}),
    execute: () => {
      throw new Error('sunk');
    },
  });
  const model = scriptedModel(SCRIPT);
  const llm = new LLM({ model, stop: ['END'], retry: { retry: 'always' } });
  const agent = new Agent({ role: 'Sailor {marker}', goal: 'g', llm, tools: [look, sink] });
  const output = z.object({ at: z.string().transform((text) => new Date(text)) });
  const task = new Task({ name: 'sail', description: 'Sail {marker}', expectedOutput: 'e', agent, output });
  return { model, crew: new Crew({ agents: [agent], tasks: [task] }) };
}

/** Paths of `value` that are not frozen. */
function thawedIn(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.isFrozen(value) ? [] : [path];
  return [...own, ...Object.entries(value).flatMap(([key, field]) => thawedIn(field, `${path}.${key}`))];
}

/** Writes wherever it can, as a careless redactor would. */
function vandalize(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    vandalize(Reflect.get(value, key));
    Reflect.set(value, key, 'VANDAL');
  }
  Reflect.set(value, 'added', 'VANDAL');
}

test('every event is frozen, all the way down (R10)', async () => {
  const { crew } = crewOf();
  const run = crew.start({ inputs: inputsOf(0), stream: true });
  const { parsed } = await run.result;
  expect(parsed.at).toEqual(new Date('2026-01-02T03:04:05Z'));
  const events = await eventsOf(run);
  expect(new Set(events.map(({ type }) => type)).size).toBe(13);
  expect(events.flatMap((event) => thawedIn(event, event.type))).toEqual([]);
});

test('a callback that writes into what it hears changes nothing for anybody (R10)', async () => {
  const plain = crewOf();
  await plain.crew.kickoff({ inputs: inputsOf(0) });
  const { model, crew } = crewOf();
  const tracer = new Tracer('MARK-0');
  const run = crew.start({
    inputs: inputsOf(0),
    callbacks: [callback((event) => vandalize(event), { name: 'vandal' }), tracer],
  });
  await run.result;
  await run.flush();
  expect(JSON.stringify(tracer.heard)).not.toContain('VANDAL');
  expect(JSON.stringify(model.requests)).toBe(JSON.stringify(plain.model.requests));
  expect(checkTrace(tracer.heard, { ledger: run.ledger, audit: run.audit() })).toEqual([]);
});

test('what a transform gives is frozen for all who share it (R10)', async () => {
  const { crew } = crewOf();
  const tracer = new Tracer('MARK-0');
  const run = crew.start({
    inputs: inputsOf(0),
    callbacks: [
      transform((event) => ({ ...event, ...(structuredClone(event) as object) })),
      callback((event) => vandalize(event), { name: 'vandal' }),
      tracer,
    ],
  });
  await run.result;
  await run.flush();
  expect(tracer.heard).toEqual(await eventsOf(run));
});

test('every event is plain data: it survives JSON and a structured clone unchanged (R63)', async () => {
  const { crew } = crewOf();
  const run = crew.start({ inputs: { marker: 'MARK-0', when: new Date(0), gone: undefined }, stream: true });
  await run.result;
  for (const event of await eventsOf(run)) {
    expect(JSON.parse(JSON.stringify(event)) as RunEvent).toEqual(event);
    expect(Object.keys(JSON.parse(JSON.stringify(event)) as RunEvent)).toEqual(Object.keys(event));
    expect(structuredClone(event)).toEqual(event);
  }
});

test('a result that JSON cannot carry is the result all the same, and its event says null (R63)', async () => {
  const agent = new Agent({ role: 'r', goal: 'g', llm: scriptedModel(['{"n":1}']) });
  const output = z.object({ n: z.number().transform((n) => BigInt(n)) });
  const task = new Task({ description: 'd', expectedOutput: 'e', agent, output });
  const run = new Crew({ agents: [agent], tasks: [task] }).start();
  expect((await run.result).parsed).toEqual({ n: 1n });
  const events = await eventsOf(run);
  expect(checkTrace(events)).toEqual([]);
  expect(events.find(({ type }) => type === 'task.end')).toMatchObject({ status: 'done', parsed: null });
});

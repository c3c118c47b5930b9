import { Agent, Crew, createRuntime, defineTool, type RunEvent, Task } from 'regatta';
import { createGate } from 'regatta/testing';
import { expect, test } from 'vitest';
import { type QuickAnswer, quickModel, turnsOf } from './quick-model.ts';
import { report } from './report.ts';

// What stays alive through all of these tests, and must not hold what a user drops.
const heardByAll: string[] = [];
const runtime = createRuntime({
  callbacks: [({ id }) => void heardByAll.push(id)],
  onCallbackError: () => undefined,
});
const { signal } = new AbortController();

class Tracer {
  heard = 0;
  onEvent(_: RunEvent): void {
    this.heard++;
  }
}

type Refs = Readonly<Record<string, WeakRef<object>>>;

interface Story {
  readonly answer: QuickAnswer | (() => never);
  readonly execute?: () => unknown;
  readonly maxExecutionTimeMs?: number;
  /** What the user does with the run while it is under way. */
  readonly meddle?: (run: { cancel(reason: string): void }) => unknown;
}

/** Everything that a user makes for one run, dropped when this returns: only weak references are left. */
async function live({ answer, execute = () => 'done', maxExecutionTimeMs, meddle }: Story): Promise<Refs> {
  const tool = defineTool({
    name: 'work',
    description: 'Works.',
    input: { type: 'object', properties: {} },
    execute,
  });
  const llm = quickModel((request) => {
    if (typeof answer === 'function') return answer();
    return turnsOf(request) === 0 ? answer : 'the end';
  });
  const limit = maxExecutionTimeMs === undefined ? {} : { maxExecutionTimeMs };
  const agent = new Agent({ role: 'Worker', goal: 'Work', llm, tools: [tool], ...limit });
  const task = new Task({ description: 'Work', expectedOutput: 'A word', agent });
  const crew = new Crew({ agents: [agent], tasks: [task] });
  const tracer = new Tracer();
  const context = { tenant: 'one', database: { rows: new Array(1000).fill(0) } };
  const run = runtime.start(crew, { context, callbacks: [tracer], signal });
  await meddle?.(run);
  const outcome: object = await run.result.catch((error: Error) => error);
  await run.flush();
  expect(tracer.heard).toBeGreaterThan(0);
  const all = { tool, llm, agent, task, crew, tracer, context, run, outcome };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, new WeakRef(value)]));
}

/** Names of what is still there after garbage collection. */
async function survivors(refs: Refs): Promise<readonly string[]> {
  let left = Object.keys(refs);
  for (let round = 0; round < 20 && left.length > 0; round++) {
    await new Promise(setImmediate);
    globalThis.gc?.();
    left = left.filter((name) => refs[name]?.deref() !== undefined);
  }
  return left;
}

const call: QuickAnswer = { tool: 'work', args: {} };

const stories: readonly (readonly [name: string, story: Story])[] = [
  ['succeeds', { answer: call }],
  [
    'fails',
    {
      answer: () => {
        throw new Error('the model broke');
      },
    },
  ],
  [
    'is cancelled',
    { answer: call, execute: () => new Promise(setImmediate), meddle: (run) => run.cancel('enough') },
  ],
  ['has a tool that fails', { answer: call, execute: () => Promise.reject(new Error('the tool broke')) }],
];

for (const [name, story] of stories) {
  test(`G10: a run that ${name} is collected with all that it used, once its user drops it`, async (context) => {
    const refs = await live(story);
    const left = await survivors(refs);
    report(context, { watched: Object.keys(refs).length, left: left.length });
    expect(left).toEqual([]);
  });
}

test('G10: a run that timed out is collected once the work that ignored its signal has settled', async (context) => {
  const gate = createGate();
  const refs = await live({ answer: call, execute: () => gate.pass(), maxExecutionTimeMs: 10 });
  const during = await survivors(refs);
  gate.open();
  const left = await survivors(refs);
  report(context, {
    watched: Object.keys(refs).length,
    'held by the orphan': during.length,
    left: left.length,
  });
  expect(left).toEqual([]);
});

test('G10: the search sees what is held', async (context) => {
  const held: object[] = [];
  const refs = await live({
    answer: call,
    meddle: (run) => void held.push(run),
  });
  const left = await survivors(refs);
  report(context, { watched: Object.keys(refs).length, left: left.length });
  expect(held).toHaveLength(1);
  expect(left).toContain('run');
});

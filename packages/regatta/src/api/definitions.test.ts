import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, Crew, createRuntime, defineTool, LLM, RegattaError, Task } from '../index.ts';
import { createGate, type ScriptStep, scriptedModel } from '../testing/index.ts';
import { hop, inputsOf, markedCrew, pictureOf, Tracer } from '../testing/marked.fixture.ts';

const failure = (retryable: boolean) =>
  new RegattaError('model/overloaded', 'Busy. Wait.', {
    model: 'scripted/model',
    status: 503,
    retryable,
    retryAfterMs: 1,
    providerCode: null,
  });

const use = { toolCalls: [{ tool: 'look', args: { at: 'sea' } }] };
const broken = { toolCalls: [{ tool: 'fall', args: { at: 'sea' } }] };

/** What a run may meet, one after the other. */
const ENDINGS: Readonly<Record<string, readonly ScriptStep[]>> = {
  'an answer': ['{"ok":true}'],
  'tools, then an answer': [use, broken, '{"ok":true}'],
  'an answer that does not fit': ['no', '{"ok":true}'],
  'a retry': [{ error: failure(true) }, '{"ok":true}'],
  'a failure': [{ error: failure(false) }],
  'a foreign failure': [{ error: new TypeError('bug') }],
  'no answer': [''],
};

function definitions(script: readonly ScriptStep[]) {
  const tool = (name: string, execute: () => unknown) =>
    defineTool({ name, description: 'A tool.', input: z.object({ at: z.string() }), execute });
  const tools = [
    tool('look', () => 'waves'),
    tool('fall', () => {
      throw new Error('overboard');
    }),
  ];
  const llm = new LLM({
    model: scriptedModel(script, { loop: true }),
    temperature: 0.5,
    stop: ['END'],
    providerOptions: { scripted: { user: 'nobody' } },
    callbacks: [new Tracer('none')],
  });
  const options = {
    role: 'Sailor {marker}',
    goal: 'g',
    llm,
    tools,
    maxIter: 3,
    callbacks: [() => undefined],
  };
  const agent = new Agent(options);
  const task = new Task({
    name: 'sail',
    description: 'Sail {marker}',
    expectedOutput: 'e',
    agent,
    output: z.object({ ok: z.boolean() }),
    retries: 1,
    guardrails: [{ name: 'ok', check: () => ({ accepted: true }) }, 'It is true.'],
    inputFiles: { log: new TextEncoder().encode('wind 5') },
    contextStrategy: { fields: ['ok'] },
    when: () => true,
    callback: () => undefined,
  });
  const crew = new Crew({
    agents: [agent],
    tasks: [task],
    callbacks: [new Tracer('none')],
    beforeKickoff: [(inputs) => ({ ...inputs, more: 1 })],
    afterKickoff: [(output) => output],
    process: 'graph',
  });
  return { tools, llm, agent, task, crew };
}

test('definitions are the same, and frozen, whatever a run of them meets, also when it is cancelled (D10, R34)', async () => {
  for (const [name, script] of Object.entries(ENDINGS)) {
    const all = definitions(script);
    const before = pictureOf(all);
    const outcomes = await Promise.allSettled([
      all.crew.kickoff({ inputs: inputsOf(0), stream: true }),
      all.crew.kickoff({ inputs: inputsOf(1) }),
      all.llm.call('hello'),
    ]);
    expect(outcomes, name).toHaveLength(3);
    const run = all.crew.start({ inputs: inputsOf(2) });
    await hop(5);
    run.cancel('enough');
    await run.result.catch(() => undefined);
    expect(pictureOf(all), name).toEqual(before);
  }
  const { tools, llm, agent, task, crew } = definitions(['x']);
  const { guardrails, inputFiles, contextStrategy, after } = task;
  for (const part of [guardrails, ...guardrails, inputFiles, inputFiles.log, contextStrategy, after]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  for (const part of [
    crew.beforeKickoff,
    crew.afterKickoff,
    crew.plan,
    crew.plan.tasks,
    ...crew.plan.tasks,
  ]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  const parts = [llm, llm.settings, llm.settings.retry, llm.scope, agent, agent.tools, agent.scope];
  for (const part of [...parts, task, task.scope, crew, crew.agents, crew.tasks, crew.scope, ...tools]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});

test('what a definition was made from may change afterwards: it has copies', async () => {
  const tools = [defineTool({ name: 'look', description: 'd', input: z.object({}), execute: () => 'x' })];
  const stop = ['END'];
  const callbacks = [new Tracer('none')];
  const llm = new LLM({ model: scriptedModel(['ok']), stop, callbacks });
  const agent = new Agent({ role: 'r', goal: 'g', llm, tools, callbacks });
  const bytes = Uint8Array.from([1, 2]);
  const fields = ['a'];
  const guardrails = ['It is short.'];
  const strategy = { fields };
  const options = { guardrails, inputFiles: { bytes }, contextStrategy: strategy };
  const tasks = [new Task({ description: 'd', expectedOutput: 'e', agent, ...options })];
  const crew = new Crew({ agents: [agent], tasks, callbacks });
  bytes.fill(9);
  fields.push('b');
  guardrails.length = 0;
  const [task] = crew.tasks;
  expect([task!.guardrails.length, task!.inputFiles.bytes!.value]).toEqual([1, 'AQI=']);
  expect(task!.contextStrategy).toEqual({ fields: ['a'] });
  tools.length = 0;
  tasks.length = 0;
  stop.push('MORE');
  callbacks.length = 0;
  expect([agent.tools, crew.tasks, crew.scope, agent.scope, llm.scope].map(({ length }) => length)).toEqual([
    1, 1, 1, 1, 1,
  ]);
  expect(llm.settings.stop).toEqual(['END']);
});

test('making, copying and printing definitions in the middle of a run changes nothing for any run (R03)', async () => {
  const actions = fc.array(fc.constantFrom('llm', 'agent', 'crew', 'copy', 'print', 'runtime'), {
    minLength: 1,
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(actions, async (given) => {
      const gate = createGate();
      const own = new Tracer('MARK-0');
      const strangers: Tracer[] = [];
      const stranger = () => {
        const tracer = new Tracer('none');
        strangers.push(tracer);
        return [tracer];
      };
      const run = markedCrew([() => gate.pass().then(() => 'ok')]).start({
        inputs: inputsOf(0),
        callbacks: [own],
      });
      await gate.reached;
      for (const action of given) {
        const llm = new LLM({ model: scriptedModel(['ok']), callbacks: stranger() });
        const agent = new Agent({ role: 'r', goal: 'g', llm, callbacks: stranger() });
        const task = new Task({ description: 'd', expectedOutput: 'e', agent, callbacks: stranger() });
        if (action === 'crew') new Crew({ agents: [agent], tasks: [task], callbacks: stranger() });
        else if (action === 'copy')
          new Agent({ role: agent.role, goal: agent.goal, tools: agent.tools, llm, callbacks: stranger() });
        else if (action === 'print') JSON.stringify({ llm, agent, task });
        else if (action === 'runtime') createRuntime({ callbacks: stranger(), llm });
      }
      gate.open();
      await run.result;
      const { emitted } = await run.flush();
      const next = markedCrew(['ok']).start({ inputs: inputsOf(0) });
      await next.result;
      await next.flush();
      expect(own.heard).toHaveLength(emitted);
      expect(strangers.flatMap(({ heard }) => heard)).toEqual([]);
      expect(next.audit().offered).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test('callbacks that look alike are not the same: only one class, or one object, is (R09)', async () => {
  const heard: string[] = [];
  const classOf = (name: string) =>
    class Logger {
      readonly level = 'info';
      onEvent({ type }: { readonly type: string }): void {
        if (type === 'run.end') heard.push(name);
      }
    };
  const [One, Other] = [classOf('one class'), classOf('other class')];
  const plain = (name: string) => ({
    level: 'info',
    onEvent: ({ type }: { readonly type: string }) => void (type === 'run.end' && heard.push(name)),
  });
  const same = plain('same object');
  const run = markedCrew(['ok']).start({
    inputs: inputsOf(0),
    callbacks: [new One(), new One(), new Other(), plain('one object'), plain('other object'), same, same],
  });
  await run.result;
  await run.flush();
  expect(heard.sort()).toEqual(
    ['one class', 'one object', 'other class', 'other object', 'same object'].sort(),
  );
});

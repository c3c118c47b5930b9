import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  Crew,
  type CrewOptions,
  defineTool,
  type FailurePolicy,
  type RunEvent,
  Task,
  type TaskDefinition,
  type TaskOptions,
} from '../index.ts';
import { createGate, type Gate, type ScriptStep, scriptedModel } from '../testing/index.ts';
import { endsOf, traced, tracedError, tracedOutput } from './traced.fixture.ts';

type Given = Partial<TaskOptions<undefined>>;
type Answer = (task: string, signal: AbortSignal) => string | Promise<string>;

/** One agent for all tasks: its model answers by the name of the task that asks. */
function yard(answer: Answer) {
  const step: ScriptStep = async ({ messages }, { signal }) => {
    const text = messages.map(({ content }) => String(content)).join('\n');
    return await answer(/do <(\w+)>/.exec(text)![1]!, signal);
  };
  const llm = scriptedModel([step], { loop: true });
  const agent = new Agent({ role: 'Sailor', goal: 'Sail', llm });
  const task = (name: string, options: Given = {}) =>
    new Task({ description: `do <${name}>`, expectedOutput: 'e', agent, ...options, name });
  const crew = (tasks: readonly TaskDefinition[], options: Partial<CrewOptions<never>> = {}) =>
    new Crew({ agents: [agent], process: 'graph', ...options, tasks });
  return { llm, agent, task, crew };
}

/** Gates by task name. */
function gates(...names: readonly string[]): Readonly<Record<string, Gate>> {
  return Object.fromEntries(names.map((name) => [name, createGate()]));
}

const startsOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'task.start' ? [event.task] : []));

test('tasks that do not need each other are at work at once, with one agent for all of them', async () => {
  const gate = gates('a', 'b', 'c');
  const { task, crew } = yard(async (name) => {
    await gate[name]?.pass();
    return `${name} done`;
  });
  const [a, b, c] = [task('a', { context: [] }), task('b', { context: [] }), task('c', { context: [] })];
  const run = crew([a, b, c, task('d', { context: [c, a] })]).start();
  await Promise.all([gate.a!.reached, gate.b!.reached, gate.c!.reached]); // all three wait inside their model
  for (const name of ['c', 'b', 'a']) gate[name]!.open();
  const { output, events } = await traced(run);
  expect(output!.tasks.map(({ text }) => text)).toEqual(['a done', 'b done', 'c done', 'd done']);
  expect(startsOf(events)).toEqual(['a', 'b', 'c', 'd']);
  const asked = events.findLast(({ type }) => type === 'model.start');
  expect(JSON.stringify(asked)).toContain('## a\\na done\\n\\n## c\\nc done'); // in the crew's order
  expect(JSON.stringify(asked)).not.toContain('b done');
});

test('a task starts as soon as what it reads is done, whatever else goes on', async () => {
  const gate = gates('slow', 'reader');
  const { task, crew } = yard(async (name) => {
    await gate[name]?.pass();
    return name;
  });
  const quick = task('quick', { context: [] });
  const run = crew([task('slow', { context: [] }), quick, task('reader', { context: [quick] })]).start();
  await gate.reader!.reached; // while slow waits
  gate.reader!.open();
  gate.slow!.open();
  await tracedOutput(run);
});

test('an async task of a sequence holds up nobody who does not read it', async () => {
  const gate = gates('beside');
  const { task, crew } = yard(async (name) => {
    await gate[name]?.pass();
    if (name === 'next') gate.beside!.open();
    return name;
  });
  const first = task('first');
  const tasks = [first, task('beside', { async: true }), task('next', { context: [first] })];
  const output = await tracedOutput(crew(tasks, { process: 'sequential' }).start());
  expect(output.tasks.map(({ task: name }) => name)).toEqual(['first', 'beside', 'next']);
  expect(output.text).toBe('next');
});

test('no more than concurrency tasks are at work at once', async () => {
  let atWork = 0;
  let most = 0;
  const { task, crew } = yard(async (name) => {
    most = Math.max(most, ++atWork);
    await new Promise((resolve) => setImmediate(resolve));
    atWork--;
    return name;
  });
  const tasks = Array.from({ length: 12 }, (_, index) => task(`t${index}`, { context: [] }));
  await tracedOutput(crew(tasks, { concurrency: 3 }).start());
  expect(most).toBe(3);
  most = 0;
  await tracedOutput(crew(tasks).start());
  expect(most).toBe(8);
});

test('the first failure stops tasks under way, skips the others, and is the error, wherever it stands', async () => {
  const gate = gates('under');
  let heard: AbortSignal | undefined;
  const { task, crew } = yard(async (name, signal) => {
    if (name === 'under') {
      heard = signal;
      await Promise.race([
        gate.under!.pass(),
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ]);
    }
    if (name === 'fails') {
      await gate.under!.reached;
      throw new Error('aground');
    }
    return name;
  });
  const under = task('under', { context: [] });
  const tasks = [under, task('fails', { context: [] }), task('after', { context: [under] }), task('last')];
  const { error, events } = await traced(crew(tasks).start());
  expect(error).toMatchObject({ code: 'run/failed', message: expect.stringContaining('aground') });
  expect(heard?.aborted).toBe(true);
  expect(endsOf(events)).toEqual({
    under: 'task/cancelled',
    fails: 'unknown',
    after: expect.stringMatching(/^skipped: /),
    last: expect.stringMatching(/^skipped: /),
  });
});

test('spare lets the branches finish that do not need the failed task', async () => {
  const gate = gates('other');
  const { task, crew } = yard(async (name) => {
    await gate[name]?.pass();
    if (name === 'fails') throw new Error('aground');
    return name;
  });
  const fails = task('fails', { context: [] });
  const other = task('other', { context: [] });
  const tasks = [fails, other, task('tail', { context: [other] }), task('lost', { context: [fails] })];
  const run = crew(tasks, { onTaskFailure: 'spare' }).start();
  await gate.other!.reached;
  for await (const { type } of run.events()) if (type === 'task.end') break; // the failure is over
  gate.other!.open();
  const { error, events } = await traced(run);
  expect(error?.message).toContain('aground');
  expect(endsOf(events)).toEqual({ fails: 'unknown', other: 'done', tail: 'done', lost: 'skipped: need' });
});

test.each(['cancel', 'spare'] as const)(
  'of two tasks that fail by themselves, the error is that of the first in the crew, in both orders (%s)',
  async (onTaskFailure: FailurePolicy) => {
    for (const order of [['a', 'b'] as const, ['b', 'a'] as const]) {
      const gate = gates('a', 'b');
      // Deaf to its signal, as a model of somebody else's may be.
      const { task, crew } = yard(async (name) => {
        await gate[name]!.pass();
        throw new Error(`${name} failed`);
      });
      const run = crew([task('a', { context: [] }), task('b', { context: [] })], { onTaskFailure }).start();
      await Promise.all([gate.a!.reached, gate.b!.reached]);
      for (const name of order) {
        gate[name]!.open();
        // In the next turn, so that the second fails while the first's end is told.
        if (onTaskFailure === 'spare') await new Promise((resolve) => setImmediate(resolve));
      }
      const { error } = await traced(run);
      expect(error?.message).toContain('a failed');
    }
  },
);

test('a cancelled run ends all tasks under way, and starts no others, under both policies', async () => {
  for (const onTaskFailure of ['cancel', 'spare'] as const) {
    const gate = gates('a', 'b');
    const { task, crew } = yard(async (name) => {
      await gate[name]?.pass();
      return name;
    });
    const [a, b] = [task('a', { context: [] }), task('b', { context: [] })];
    const controller = new AbortController();
    const waits = task('waits', { context: [] });
    const run = crew([a, b, waits, task('d', { context: [a] })], { concurrency: 2, onTaskFailure }).start({
      signal: controller.signal,
    });
    await Promise.all([gate.a!.reached, gate.b!.reached]);
    controller.abort(new Error('enough'));
    const { error, events } = await traced(run);
    expect(error?.code).toBe('run/cancelled');
    expect(startsOf(events)).toEqual(['a', 'b']);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    gate.a!.open();
    gate.b!.open();
  }
});

test('a condition is asked with what the task waits for, and a skipped task is an empty output', async () => {
  const { task, crew, llm } = yard((name) => name);
  const seen: unknown[] = [];
  const a = task('a');
  const fix = task('fix', {
    when: async (outputs) => {
      seen.push(outputs.map(({ task: name, text }) => [name, text]));
      return false;
    },
  });
  const run = crew([a, fix, task('end')], { process: 'sequential' }).start();
  const { output, events } = await traced(run);
  expect(seen).toEqual([[['a', 'a']]]);
  expect(endsOf(events)).toEqual({ a: 'done', fix: 'skipped: condition', end: 'done' });
  expect(startsOf(events)).toEqual(['a', 'end']);
  expect(output!.tasks[1]).toEqual({
    task: 'fix',
    agent: 'Sailor',
    text: '',
    parsed: undefined,
    skipped: true,
  });
  expect(JSON.stringify(llm.requests.at(-1)!.messages)).toContain('## fix\\n(This task was skipped.)');
});

test("the crew's text and value are those of the last task that was not skipped", async () => {
  const { task, crew, agent } = yard((name) => `{"name":"${name}"}`);
  const typed = new Task({
    name: 'typed',
    description: 'do <typed>',
    expectedOutput: 'e',
    agent,
    output: z.object({ name: z.string() }),
  });
  const last = task('last', { when: (outputs) => outputs.length === 0 });
  const output = await tracedOutput(crew([typed, last]).start());
  expect([output.text, output.parsed]).toEqual(['{"name":"typed"}', { name: 'typed' }]);
});

test('a condition that throws, or says neither yes nor no, fails its task', async () => {
  const { task, crew } = yard((name) => name);
  for (const when of [
    () => {
      throw new Error('no wind');
    },
    () => undefined as unknown as boolean,
  ]) {
    const { error, events } = await traced(crew([task('a', { when }), task('b')]).start());
    expect(error).toMatchObject({
      code: 'hook/failed',
      message: expect.stringContaining('condition of task "a"'),
    });
    expect(endsOf(events)).toEqual({ a: 'hook/failed', b: 'skipped: need' });
  }
});

interface Fate {
  readonly name: string;
  readonly needs: readonly string[];
  readonly fate: 'done' | 'fails' | 'skip';
}

const fates = fc
  .array(
    fc.record({
      needs: fc.array(fc.nat(), { maxLength: 3 }),
      fate: fc.constantFrom('done', 'done', 'done', 'fails', 'skip'),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((nodes) =>
    nodes.map(({ needs, fate }, index): Fate => {
      const ids = index === 0 ? [] : [...new Set(needs.map((need) => `t${need % index}`))];
      return { name: `t${index}`, needs: ids.sort(), fate: fate as Fate['fate'] };
    }),
  );

/** By the rules alone: what each task comes to where nothing is cancelled. */
function spared(tasks: readonly Fate[]): Readonly<Record<string, string>> {
  const ends: Record<string, string> = {};
  for (const { name, needs, fate } of tasks) {
    const isLost = needs.some((need) => ends[need] !== 'done' && ends[need] !== 'skipped: condition');
    ends[name] = isLost
      ? 'skipped: need'
      : { done: 'done', fails: 'unknown', skip: 'skipped: condition' }[fate];
  }
  return ends;
}

test('any graph of tasks, any order of completion, both policies, cancelled or not: as the rules say', async () => {
  await fc.assert(
    fc.asyncProperty(
      fates,
      fc.scheduler(),
      fc.constantFrom('cancel' as const, 'spare' as const),
      fc.integer({ min: 1, max: 4 }),
      fc.option(fc.nat({ max: 6 }), { freq: 4 }),
      async (tasks, scheduler, onTaskFailure, concurrency, cancelAt) => {
        let atWork = 0;
        const { task, crew } = yard(async (name, signal) => {
          expect(++atWork).toBeLessThanOrEqual(concurrency);
          if (cancelAt !== null && name === `t${cancelAt}`) run.cancel('enough');
          await scheduler.schedule(Promise.resolve(), name);
          atWork--;
          signal.throwIfAborted();
          if (tasks.find((one) => one.name === name)!.fate === 'fails') throw new Error(`${name} failed`);
          return name;
        });
        const made = new Map<string, Task>();
        for (const { name, needs, fate } of tasks) {
          const context = needs.map((need) => made.get(need)!);
          const when = fate === 'skip' ? { when: () => false } : {};
          made.set(name, task(name, { context, ...when }));
        }
        const run = crew([...made.values()], { onTaskFailure, concurrency }).start();
        const { output, error, events } = await scheduler.waitFor(traced(run));
        const ends = endsOf(events);
        expect(Object.keys(ends).sort()).toEqual(tasks.map(({ name }) => name));
        const expected = spared(tasks);
        if (error?.code === 'run/cancelled') return;
        const failed = tasks.filter(({ name }) => ends[name] === 'unknown').map(({ name }) => name);
        if (onTaskFailure === 'spare') expect(ends).toEqual(expected);
        if (failed.length === 0) {
          expect(ends).toEqual(expected);
          expect(output!.tasks.map(({ task: name }) => name)).toEqual(tasks.map(({ name }) => name));
          return;
        }
        // The first that failed by itself, in the crew's order.
        expect(error?.message).toContain(`${failed[0]} failed`);
        for (const [name, end] of Object.entries(ends)) {
          // What was not cancelled came to what it would have come to anyway.
          if (end !== 'task/cancelled' && !end.startsWith('skipped: ')) expect(end).toBe(expected[name]);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('the same agent and tasks in 8 crews at once: each run has its own', async () => {
  const scheduled = fc.sample(fc.infiniteStream(fc.nat({ max: 3 })), 1)[0]!;
  const { task, crew } = yard(async (name) => {
    for (let turns = scheduled.next().value as number; turns > 0; turns--) await Promise.resolve();
    return name;
  });
  const a = task('a', { context: [] });
  const b = task('b', { context: [], description: 'do <b> for {who}' });
  const c = task('c', { context: [a, b] });
  const crews = Array.from({ length: 8 }, (_, index) => crew([a, b, c], { name: `crew-${index}` }));
  const seen = await Promise.all(
    crews.map((one, who) => traced(one.start({ inputs: { who: `tenant-${who}` } }))),
  );
  for (const [who, { output, events }] of seen.entries()) {
    expect(output!.tasks.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    const texts = JSON.stringify(events);
    expect(texts.match(/tenant-\d/g)!.every((name) => name === `tenant-${who}`)).toBe(true);
  }
});

test('tools of a stopped task get the aborted signal', async () => {
  const reached = createGate();
  const reason = Promise.withResolvers<unknown>();
  const wait = defineTool({
    name: 'wait',
    description: 'Waits.',
    input: z.object({}),
    execute: (_, { signal }) => {
      signal.addEventListener('abort', () => reason.resolve(signal.reason.code));
      void reached.pass();
      return new Promise(() => undefined);
    },
  });
  const worker = new Agent({
    role: 'Worker',
    goal: 'Wait',
    tools: [wait],
    llm: scriptedModel([{ toolCalls: [{ tool: 'wait', args: {} }] }]),
  });
  const failing: ScriptStep = async () => {
    await reached.reached;
    return { error: new Error('aground') };
  };
  const other = new Agent({ role: 'Other', goal: 'Fail', llm: scriptedModel([failing]) });
  const base = { description: 'd', expectedOutput: 'e', context: [] };
  const tasks = [new Task({ ...base, agent: worker }), new Task({ ...base, agent: other })];
  const run = new Crew({ agents: [worker, other], tasks, process: 'graph' }).start();
  await tracedError(run, 'run/failed');
  expect(await reason.promise).toBe('task/cancelled');
});

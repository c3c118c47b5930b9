import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { stableStringify } from '../base/json.ts';
import { Agent, Crew, callback, createRuntime, defineTool, LLM, type RunEvent, Task } from '../index.ts';
import { checkTrace, createGate, scriptedModel } from '../testing/index.ts';
import { eventsOf, hop, inputsOf, markerIn, markerOf, markersIn, settle } from '../testing/marked.fixture.ts';

type Turn = () => Promise<unknown>;

/**
 * Two agents, a tool and an LLM, shared by all crews: each crew takes the tasks in its own number. What
 * the model and the tool say depends on what they are asked alone; when they say it, on `turn`.
 */
function sharedParts(turn: Turn) {
  const search = defineTool({
    name: 'search',
    description: 'Searches.',
    input: z.object({ query: z.string() }),
    execute: async ({ query }) => {
      await turn();
      return `found ${query}`;
    },
  });
  const model = scriptedModel(
    [
      async ({ messages }) => {
        await turn();
        const marker = markerIn(messages);
        const last = messages.at(-1)!;
        const place = messages.length;
        if (last.role === 'user') {
          const query = `${marker} at ${place}`;
          return { toolCalls: [1, 2].map((n) => ({ tool: 'search', args: { query: `${query}.${n}` } })) };
        }
        return `${marker} said after ${place}: ${JSON.stringify(messages).length} characters`;
      },
    ],
    { loop: true },
  );
  const llm = new LLM({ model, stop: ['END'] });
  const agentOf = (role: string) =>
    new Agent({ role: `${role} of {marker}`, goal: 'Serve {marker}', llm, tools: [search] });
  const [one, other] = [agentOf('Scout'), agentOf('Scribe')];
  const taskOf = (name: string, agent: Agent) =>
    new Task({ name, description: `${name} {marker}`, expectedOutput: 'For {marker}', agent });
  const tasks = [taskOf('scout', one), taskOf('write', other), taskOf('check', one)] as const;
  const crewOf = (size: number) => new Crew({ agents: [one, other], tasks: tasks.slice(0, size) });
  const guarded = (name: string, agent: Agent) =>
    new Task({
      name,
      description: `${name} {marker}`,
      expectedOutput: 'For {marker}',
      agent,
      context: [],
      retries: 1,
      guardrails: [
        async ({ text }) => {
          await turn();
          return text.includes('after 5:') ? { accepted: false, feedback: 'Say more.' } : { accepted: true };
        },
      ],
    });
  const beside = ['left', 'right', 'aft'].map((name) => guarded(name, one));
  const graph = new Crew({ agents: [one, other], tasks: [...beside, tasks[2]], process: 'graph' });
  return { crews: [crewOf(1), crewOf(2), crewOf(3), graph], model };
}

/** All that a run says, without what differs from run to run by nature. */
function transcriptOf(runId: string, events: readonly unknown[]): string {
  const text = JSON.stringify(events, (key, value: unknown) => (key === 'time' ? undefined : value));
  // Sums by task are in the order in which tasks were first billed.
  return stableStringify(JSON.parse(text)).replaceAll(runId, 'RUN');
}

async function transcribe(crew: Crew, index: number): Promise<string> {
  const run = crew.start({ inputs: inputsOf(index), stream: index % 2 === 0 });
  await run.result;
  const events = await eventsOf(run);
  expect(checkTrace(events, { ledger: run.ledger, audit: run.audit() })).toEqual([]);
  expect([...markersIn(events)]).toEqual([markerOf(index)]);
  return transcriptOf(run.id, sortBySpan(events as RunEvent[]));
}

/** Tasks and tools at work together may end in any order; within a span the order is fixed. */
function sortBySpan(events: readonly RunEvent[]): readonly unknown[] {
  const spans = Map.groupBy(events, ({ spanId }) => spanId);
  const ordered = [...spans].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, own]) => own);
  return ordered.map((own) => own.map(({ seq: _, ...event }) => withoutSeq(event)));
}

function withoutSeq<T extends { readonly id: string }>(event: T): T {
  return { ...event, id: event.id.replace(/-\d+$/, '') };
}

test('crews that share agents, tasks, tools and an LLM say, in any interleaving, what they say one by one (D09, R32)', async () => {
  const serial = await (async () => {
    const { crews } = sharedParts(() => settle());
    const texts: string[] = [];
    for (let index = 0; index < 8; index++) texts.push(await transcribe(crews[index % 4]!, index));
    return texts;
  })();
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 8 }), async (scheduler, count) => {
      const { crews } = sharedParts(() => scheduler.schedule(Promise.resolve()));
      const runs = Array.from({ length: count }, (_, index) => transcribe(crews[index % 4]!, index));
      expect(await scheduler.waitFor(Promise.all(runs))).toEqual(serial.slice(0, count));
    }),
    { numRuns: 60 },
  );
});

test('one crew with two inputs at once fills each prompt with its own (R33)', async () => {
  const gates = [createGate(), createGate()];
  const model = scriptedModel(
    [
      async ({ messages }) => {
        const marker = markerIn(messages);
        await gates[marker === markerOf(0) ? 0 : 1]!.pass();
        return `about ${marker}`;
      },
    ],
    { loop: true },
  );
  const agent = new Agent({ role: 'Sailor {marker}', goal: '{marker}', backstory: '{marker}', llm: model });
  const taskOf = () => new Task({ description: 'Do {marker}', expectedOutput: '{marker}', agent });
  const crew = new Crew({ agents: [agent], tasks: [taskOf(), taskOf()] });
  const runs = [0, 1].map((index) => crew.start({ inputs: inputsOf(index) }));
  await Promise.all(gates.map(({ reached }) => reached));
  gates[1]!.open();
  await runs[1]!.result;
  gates[0]!.open();
  const outputs = await Promise.all(runs.map(({ result }) => result));
  expect(outputs.map(({ text }) => text)).toEqual(['about MARK-0', 'about MARK-1']);
  for (const { messages } of model.requests) expect(markersIn(messages).size).toBe(1);
  for (const [index, run] of runs.entries())
    expect([...markersIn(await eventsOf(run))]).toEqual([markerOf(index)]);
});

test('the inputs of a run are those it was started with, whatever the caller does with the object after it (R33)', async () => {
  const gate = createGate();
  const model = scriptedModel([({ messages }) => gate.pass().then(() => markerIn(messages))], { loop: true });
  const agent = new Agent({ role: 'r', goal: 'g', llm: model });
  const taskOf = () => new Task({ description: 'Do {marker} {ship}', expectedOutput: 'e', agent });
  const crew = new Crew({ agents: [agent], tasks: [taskOf(), taskOf()] });
  const late = new Crew({ agents: [agent], tasks: [taskOf(), taskOf()], createContext: () => settle() });
  for (const one of [crew, late]) {
    const inputs = { marker: '', ship: { name: '' } };
    const runs = Array.from({ length: 3 }, (_, index) => {
      inputs.marker = markerOf(index);
      inputs.ship.name = `SHIP-${index}`;
      return one.start({ inputs });
    });
    gate.open();
    await Promise.all(runs.map(({ result }) => result));
    for (const [index, run] of runs.entries()) {
      const events = await eventsOf(run);
      expect([...markersIn(events)]).toEqual([markerOf(index)]);
      expect([...new Set(JSON.stringify(events).match(/SHIP-\d/g))]).toEqual([`SHIP-${index}`]);
    }
  }
});

test('a callback that is registered, or takes itself back, while it is called changes later runs alone (R05)', async () => {
  const actions = fc.array(fc.constantFrom('add', 'leave', 'both'), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(actions, fc.integer({ min: 0, max: 7 }), async (given, at) => {
      await using runtime = createRuntime();
      const heard = new Map<string, number[]>();
      const late: number[] = [];
      for (const [index, action] of given.entries()) {
        const name = `${index} ${action}`;
        heard.set(name, []);
        const registration = runtime.use([
          callback(({ seq }) => {
            heard.get(name)!.push(seq);
            if (seq !== at) return;
            if (action !== 'add') registration.dispose();
            if (action !== 'leave') runtime.use([callback((event) => late.push(event.seq))]);
          }),
        ]);
      }
      const agent = new Agent({ role: 'r', goal: 'g', llm: scriptedModel(['ok'], { loop: true }) });
      const task = new Task({ description: 'd', expectedOutput: 'e', agent });
      const crew = new Crew({ agents: [agent], tasks: [task] });
      const first = runtime.start(crew);
      await first.result;
      const { emitted } = await first.flush();
      const all = Array.from({ length: emitted }, (_, seq) => seq);
      for (const [name, seqs] of heard) expect(seqs, name).toEqual(all);
      expect(late).toEqual([]);
      const second = runtime.start(crew);
      await second.result;
      await second.flush();
      await hop(3);
      const stayed = given.filter((action) => action === 'add').length;
      const added = given.filter((action) => action !== 'leave').length;
      expect(second.audit().lanes).toHaveLength(stayed + added);
    }),
    { numRuns: 40 },
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, Crew, createRuntime, defineTool, LLM, Task } from '../index.ts';
import { checkTrace, createGate, scriptedModel } from '../testing/index.ts';
import {
  eventsOf,
  inputsOf,
  markedCrew,
  markerIn,
  markerOf,
  settle,
  Tracer,
} from '../testing/marked.fixture.ts';

/** Hears the calls of one LLM; another class than the run's, which would hide it. */
class CallTracer extends Tracer {}
class AgentTracer extends Tracer {}

test('24 runs, whatever their order: each callback of a class hears exactly its own run, and nothing throws (D04)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const turn = () => scheduler.schedule(Promise.resolve());
      await using runtime = createRuntime();
      const one = async (index: number) => {
        const marker = markerOf(index);
        const [own, ofAgent, ofCalls] = [new Tracer(marker), new AgentTracer(marker), new CallTracer(marker)];
        await turn(); // register
        const model = scriptedModel([() => turn().then(() => `done ${marker}`)]);
        const llm = new LLM({ model, callbacks: [ofCalls] });
        await turn();
        const crew = markedCrew([], { llm, callbacks: [ofAgent] });
        const run = runtime.start(crew, { inputs: inputsOf(index), callbacks: [own] }); // emit
        await run.result;
        await turn(); // dispose
        const audit = await run.flush();
        return { run, audit, own, ofAgent, ofCalls };
      };
      const all = await scheduler.waitFor(Promise.all(Array.from({ length: 24 }, (_, index) => one(index))));
      for (const { run, audit, own, ofAgent, ofCalls } of all) {
        expect([own.foreign, ofAgent.foreign, ofCalls.foreign]).toEqual([0, 0, 0]);
        expect(own.heard).toEqual(await eventsOf(run));
        expect(own.seqs).toEqual(Array.from({ length: audit.emitted }, (_, seq) => seq));
        expect(ofCalls.heard.map(({ type }) => type)).toEqual(['model.start', 'model.end']);
        expect(ofAgent.heard.map(({ type }) => type)).toEqual([
          'agent.start',
          'model.start',
          'model.end',
          'agent.end',
        ]);
        expect(checkTrace(own.heard, { ledger: run.ledger, audit })).toEqual([]);
      }
    }),
    { numRuns: 20 },
  );
});

test('a callback of the runtime that hangs in one run holds up no other run, nor its flush (R14)', async () => {
  const gate = createGate();
  const heard = new Map<string, number>();
  const shared = new (class Shared {
    async onEvent(event: { readonly runId: string }): Promise<void> {
      if (event.runId === hung.id) await gate.pass();
      heard.set(event.runId, (heard.get(event.runId) ?? 0) + 1);
    }
  })();
  const runtime = createRuntime({ callbacks: [shared] });
  const crew = markedCrew(['ok']);
  const hung = runtime.start(crew, { inputs: inputsOf(0) });
  await gate.reached;
  const others = Array.from({ length: 20 }, (_, index) =>
    runtime.start(crew, { inputs: inputsOf(index + 1) }),
  );
  for (const run of others) {
    await run.result;
    const { delivered, pending, emitted } = await run.flush({ timeoutMs: 500 });
    expect([delivered, pending]).toEqual([emitted, 0]);
    expect(heard.get(run.id)).toBe(emitted);
  }
  expect(heard.get(hung.id)).toBeUndefined();
  gate.open();
  await runtime.close();
  expect(heard.get(hung.id)).toBe(hung.audit().emitted);
});

test('the result of a run comes although none of its callbacks has heard anything (R13)', async () => {
  const gate = createGate();
  const run = markedCrew(['ok']).start({ inputs: inputsOf(0), callbacks: [() => gate.pass()] });
  expect((await run.result).text).toBe('ok');
  expect(run.audit()).toMatchObject({ delivered: 0, failed: 0, dropped: 0 });
  gate.open();
  expect((await run.flush()).delivered).toBe(run.audit().emitted);
});

test('of two runs of one crew at once, one streams and the other does not (R18)', async () => {
  const gates = [createGate(), createGate()];
  const crew = markedCrew([
    async ({ messages }) => {
      await gates[markerIn(messages) === markerOf(0) ? 0 : 1]!.pass();
      return 'one two';
    },
  ]);
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const runs = [0, 1].map((index) => crew.start({ inputs: inputsOf(index), stream: index === 0 }));
    await Promise.all(gates.map(({ reached }) => reached));
    for (const index of order) {
      gates[index]!.open();
      await runs[index]!.result;
    }
    const deltas = (await Promise.all(runs.map(eventsOf))).map(
      (events) => events.filter(({ type }) => type === 'model.delta').length,
    );
    expect(deltas).toEqual([2, 0]);
    gates.splice(0, 2, createGate(), createGate());
  }
});

test('what a run was given as context is seen by its own tools alone, and by no model (R35)', async () => {
  const gate = createGate();
  const seen: string[] = [];
  let waiting = 0;
  const whoami = defineTool({
    name: 'whoami',
    description: 'Says who asks.',
    input: z.object({ marker: z.string() }),
    execute: async ({ marker }, { context }) => {
      if (++waiting === 8) gate.open();
      await gate.pass();
      seen.push(`${marker} ${(context as { readonly token: string }).token}`);
      return 'ok';
    },
  });
  const llm = scriptedModel(
    [
      ({ messages }) =>
        messages.at(-1)?.role === 'tool'
          ? 'done'
          : { toolCalls: [{ tool: 'whoami', args: { marker: markerIn(messages) } }] },
    ],
    { loop: true },
  );
  const crew = markedCrew([], { llm, tools: [whoami] });
  await using runtime = createRuntime();
  const runs = Array.from({ length: 8 }, (_, index) =>
    runtime.start(crew, { inputs: inputsOf(index), context: { token: `SECRET-${index}` } }),
  );
  await Promise.all(runs.map(({ result }) => result));
  expect(seen.sort()).toEqual(Array.from({ length: 8 }, (_, index) => `${markerOf(index)} SECRET-${index}`));
  expect(JSON.stringify(llm.requests)).not.toContain('SECRET');
  expect(JSON.stringify(await Promise.all(runs.map(eventsOf)))).not.toContain('SECRET');
});

test('usage of runs that overlap is what each of them was billed (R43)', async () => {
  const gates = [createGate(), createGate()];
  const bills = [
    { inputTokens: 50, outputTokens: 0 },
    { inputTokens: 30, outputTokens: 0 },
  ];
  const llm = scriptedModel(
    [
      async ({ messages }) => {
        const index = markerIn(messages) === markerOf(0) ? 0 : 1;
        await gates[index]!.pass();
        return { text: 'ok', usage: bills[index]! };
      },
    ],
    { loop: true },
  );
  const crew = markedCrew([], { llm });
  const runs = [0, 1].map((index) => crew.start({ inputs: inputsOf(index) }));
  await Promise.all(gates.map(({ reached }) => reached));
  gates[1]!.open();
  await runs[1]!.result;
  gates[0]!.open();
  const outputs = await Promise.all(runs.map(({ result }) => result));
  expect(outputs.map(({ usage }) => usage.totalTokens)).toEqual([50, 30]);
  expect(runs.map(({ ledger }) => ledger.map(({ runId }) => runId))).toEqual(runs.map(({ id }) => [id]));
});

test('a callback that starts a crew hears its own run, and not that crew (R28)', async () => {
  await using runtime = createRuntime();
  const inner = markedCrew(['inner']);
  const heard: string[] = [];
  const started: string[] = [];
  const run = runtime.start(markedCrew(['outer']), {
    inputs: inputsOf(0),
    callbacks: [
      async (event) => {
        heard.push(event.runId);
        if (event.type !== 'model.end' || started.length > 3) return;
        const child = runtime.start(inner, { inputs: inputsOf(1) });
        started.push(child.id);
        await child.result;
      },
    ],
  });
  await run.result;
  await runtime.flush();
  expect(started).toHaveLength(1);
  expect(new Set(heard)).toEqual(new Set([run.id]));
});

test('1,000 runs with callbacks of their own leave none behind (R06, R38)', async () => {
  const resident = new Tracer('none');
  await using runtime = createRuntime({ callbacks: [(event) => resident.onEvent(event)] });
  const crew = markedCrew(['ok']);
  for (let batch = 0; batch < 10; batch++) {
    const runs = Array.from({ length: 100 }, (_, index) =>
      runtime.start(crew, { inputs: inputsOf(index), callbacks: [new Tracer(markerOf(index))] }),
    );
    await Promise.all(runs.map(({ result }) => result));
  }
  await runtime.flush();
  await settle();
  expect(runtime.activeRuns).toBe(0);
  const last = runtime.start(crew, { inputs: inputsOf(0) });
  await last.result;
  const { lanes } = await last.flush();
  expect(lanes).toHaveLength(1);
});

test('two agents of one role keep their own models and tools (R39)', async () => {
  const uses: string[] = [];
  const agentOf = (name: string) => {
    const search = defineTool({
      name: 'search',
      description: 'Searches.',
      input: z.object({}),
      maxUses: 1,
      execute: () => void uses.push(name),
    });
    const model = scriptedModel([{ toolCalls: [{ tool: 'search', args: {} }] }, `answer of ${name}`], {
      id: 'scripted/same',
    });
    return new Agent({ role: 'Twin', goal: 'g', llm: new LLM({ model }), tools: [search] });
  };
  const agents = [agentOf('one'), agentOf('other')];
  const tasks = agents.map((agent) => new Task({ description: 'Same', expectedOutput: 'Same', agent }));
  const output = await new Crew({ agents, tasks }).kickoff();
  expect(output.tasks.map(({ text }) => text)).toEqual(['answer of one', 'answer of other']);
  expect(uses).toEqual(['one', 'other']);
});

import { expect, test, vi } from 'vitest';
import { localEngine } from '../engines/local.ts';
import {
  Agent,
  type Callback,
  Crew,
  callback,
  createRuntime,
  type DurableHandler,
  Embedder,
  type Engine,
  LLM,
  type RunEvent,
  Task,
  threads,
} from '../index.ts';
import { createGate, scriptedModel } from '../testing/index.ts';

const bill: DurableHandler = () => undefined;
const durable = callback(bill, { durable: true, name: 'billing' });

function crewOf(callbacks: readonly Callback[] = []) {
  const agent = new Agent({ role: 'Clerk', goal: 'g', llm: scriptedModel(['done'], { loop: true }) });
  return new Crew({
    agents: [agent],
    tasks: [new Task({ description: 'd', expectedOutput: 'e', agent })],
    callbacks,
  });
}

/** An engine that keeps events, as far as a runtime sees it. */
function keeper(register: (name: string) => Promise<void> = async () => undefined) {
  const open = new Map<string, DurableHandler>();
  const engine: Engine = {
    ...localEngine,
    name: 'keeper',
    async deliver(name, handler) {
      await register(name);
      open.set(name, handler);
      return { [Symbol.asyncDispose]: async () => void (open.get(name) === handler && open.delete(name)) };
    },
  };
  return { engine, open };
}

test.each<[string, () => unknown]>([
  ['an agent', () => new Agent({ role: 'r', goal: 'g', llm: 'rehearsal', callbacks: [durable] })],
  ['a task', () => new Task({ description: 'd', expectedOutput: 'e', callbacks: [durable] })],
  ['a crew', () => crewOf([durable])],
  ['an LLM', () => new LLM({ model: 'rehearsal', callbacks: [durable] })],
  ['a run', () => crewOf().start({ callbacks: [durable] })],
  ['a run of an engine that keeps', () => createRuntime(keeper()).start(crewOf(), { callbacks: [durable] })],
  ['a call', () => new LLM({ model: 'rehearsal' }).start('hi', { callbacks: [durable] })],
  ['an embedder', () => new Embedder({ model: 'rehearsal', callbacks: [durable] })],
  ['a runtime on the event loop', () => createRuntime({ callbacks: [durable] })],
  ['a runtime on threads', () => createRuntime({ engine: threads({ size: 1 }), callbacks: [durable] })],
  ['a runtime, later', () => createRuntime().use([durable])],
  ['the runtime of the process', () => LLM.setCallbacks([durable])],
])('where nothing is kept, a durable callback is refused: %s', (_, give) => {
  expect(give).toThrow(
    expect.objectContaining({
      code: 'callbacks/not-durable',
      details: { name: 'billing', owner: expect.any(String) },
    }),
  );
});

class Billing {
  readonly durable = true;
  readonly name = 'billing';
  readonly on = ['run.end'] as const;
  readonly heard: string[] = [];
  onEvent({ type }: RunEvent): void {
    this.heard.push(type);
  }
}

test('a durable callback needs a name and a handler, and takes no option of others', () => {
  const { engine } = keeper();
  const given = [
    { durable: true, onEvent: bill },
    { durable: true, name: 'x', logSuccessEvent: () => undefined },
    { durable: 'yes', name: 'x', onEvent: bill },
    { ...durable, capacity: 5, locked: true },
  ] as unknown as readonly Callback[];
  expect(() => createRuntime({ engine, callbacks: given })).toThrow(
    expect.objectContaining({
      code: 'definition/invalid',
      details: expect.objectContaining({
        problems: [
          expect.objectContaining({ field: 'callbacks[0].name' }),
          expect.objectContaining({ field: 'callbacks[1]' }),
          expect.objectContaining({ field: 'callbacks[2].durable' }),
          expect.objectContaining({ field: 'callbacks[3].locked' }),
          expect.objectContaining({ field: 'callbacks[3].capacity' }),
        ],
      }),
    }),
  );
});

test('the engine gets it by its name, and the newest of a name counts until it is taken back', async () => {
  const { engine, open } = keeper();
  const billing = new Billing();
  await using runtime = createRuntime({ engine, callbacks: [billing] });
  await runtime.run(crewOf());
  expect([...open.keys()]).toEqual(['billing']);
  await open.get('billing')!({ type: 'run.end' } as RunEvent, {} as never);
  expect(billing.heard).toEqual(['run.end']); // what a run tells comes from the engine, and from nowhere else
  const newer = runtime.use([durable]);
  await runtime.run(crewOf());
  await open.get('billing')!({ type: 'run.end' } as RunEvent, {} as never);
  expect(billing.heard).toHaveLength(1);
  newer.dispose();
  newer.dispose();
  await vi.waitUntil(() => open.size === 0);
});

test('a run begins once all who are to hear of it are known', async () => {
  const gate = createGate();
  const { engine } = keeper(() => gate.pass());
  const { calls, model } = countCalls();
  const crew = crewWith(model);
  await using runtime = createRuntime({ engine, callbacks: [durable] });
  const run = runtime.start(crew);
  await gate.reached;
  await new Promise(setImmediate);
  expect(calls()).toBe(0);
  gate.open();
  await run.result;
  expect(calls()).toBe(1);
});

test('an engine that cannot keep its events fails the run, says so, and is asked again by the next run', async () => {
  let isAway = true;
  const { engine, open } = keeper(async () => {
    if (isAway) throw new Error('the database is away.');
  });
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
  await using runtime = createRuntime({ engine, callbacks: [durable] });
  const { calls, model } = countCalls();
  await expect(runtime.run(crewWith(model))).rejects.toThrow('the database is away');
  expect(calls()).toBe(0);
  expect(warned.mock.calls[0]).toEqual([
    'Durable callback "billing" is not known to its engine: the database is away. The next run tries again.',
    expect.objectContaining({ code: 'REGATTA_CALLBACK_FAILED' }),
  ]);
  warned.mockRestore();
  isAway = false;
  await runtime.run(crewWith(model));
  expect([...open.keys()]).toEqual(['billing']);
});

function countCalls() {
  const model = scriptedModel(['done'], { loop: true });
  return { model, calls: () => model.requests.length };
}

function crewWith(llm: ReturnType<typeof scriptedModel>) {
  const agent = new Agent({ role: 'Clerk', goal: 'g', llm });
  return new Crew({ agents: [agent], tasks: [new Task({ description: 'd', expectedOutput: 'e', agent })] });
}

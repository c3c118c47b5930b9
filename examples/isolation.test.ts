/** What README.md and docs/isolation.md promise, through the public door, with schedules that are forced. */
import { Agent, Crew, callback, createRuntime, LLM, type RunEvent, Task } from 'regatta';
import { createGate, scriptedModel } from 'regatta/testing';
import { expect, test } from 'vitest';

class Tracer {
  readonly heard: RunEvent[] = [];
  onEvent(event: RunEvent): void {
    this.heard.push(event);
  }
}

function crewOf(llm: object): Crew {
  const agent = new Agent({ role: 'Sailor', goal: 'Sail', llm });
  return new Crew({
    agents: [agent],
    tasks: [new Task({ description: 'Sail', expectedOutput: 'ok', agent })],
  });
}

test('a callback of the same class in another run takes nothing away from a call under way', async () => {
  const gate = createGate();
  const [first, second] = [new Tracer(), new Tracer()];
  const slow = crewOf(scriptedModel([() => gate.pass().then(() => 'ok')])).start({ callbacks: [first] });
  await gate.reached;
  const fast = crewOf(scriptedModel(['ok'])).start({ callbacks: [second] });
  await fast.result;
  gate.open();
  await slow.result;
  await Promise.all([slow.flush(), fast.flush()]);
  for (const [run, { heard }] of [
    [slow, first],
    [fast, second],
  ] as const) {
    expect(new Set(heard.map(({ runId }) => runId))).toEqual(new Set([run.id]));
    expect(heard).toHaveLength(run.audit().emitted);
  }
});

test('making an LLM, an agent or a crew in the middle of a run changes nothing for that run', async () => {
  const gate = createGate();
  const tracer = new Tracer();
  await using runtime = createRuntime({ callbacks: [tracer] });
  const run = runtime.start(crewOf(scriptedModel([() => gate.pass().then(() => 'ok')])));
  await gate.reached;
  const llm = new LLM({ model: 'rehearsal', callbacks: [new Tracer()] });
  crewOf(llm);
  gate.open();
  await run.result;
  await run.flush();
  expect(tracer.heard.map(({ type }) => type)).toContain('model.end');
  expect(tracer.heard).toHaveLength(run.audit().emitted);
});

test('callbacks that throw, reject or never settle delay neither the run nor one another', async () => {
  const gate = createGate();
  const tracer = new Tracer();
  const fail = (): void => {
    throw new Error('thrown');
  };
  const broken = [
    callback(fail, { name: 'throws' }),
    callback(() => Promise.reject(new Error('rejected')), { name: 'rejects' }),
    callback(() => new Promise(() => undefined), { name: 'hangs', timeoutMs: 5 }),
    callback(() => gate.pass(), { name: 'waits' }),
  ];
  const failures: string[] = [];
  await using runtime = createRuntime({ onCallbackError: (_error, _event, name) => failures.push(name) });
  const run = runtime.start(crewOf(scriptedModel(['ok'])), { callbacks: [...broken, tracer] });
  expect((await run.result).text).toBe('ok'); // although the gate is closed
  expect(run.audit().lanes.find(({ name }) => name === 'waits')).toMatchObject({ delivered: 0, failed: 0 });
  gate.open();
  const { emitted, lanes, balance } = await run.flush();
  expect(tracer.heard).toHaveLength(emitted);
  expect(balance).toBe(0);
  expect(Object.fromEntries(lanes.map(({ name, failed }) => [name, failed]))).toEqual({
    throws: emitted,
    rejects: emitted,
    hangs: emitted,
    waits: 0,
    Tracer: 0,
  });
  expect(failures).toHaveLength(3 * emitted);
});

test('what a slow callback could not take is counted, and ends are never among it', async () => {
  const gate = createGate();
  const heard: string[] = [];
  const slow = callback(
    async ({ type }) => {
      await gate.pass();
      heard.push(type);
    },
    { capacity: 2 },
  );
  const llm = scriptedModel(['one two three four five six seven eight']);
  const run = crewOf(llm).start({ callbacks: [slow], stream: true });
  await run.result;
  gate.open();
  const { emitted, offered, delivered, dropped, balance } = await run.flush();
  expect(offered).toBe(emitted);
  expect(dropped).toBeGreaterThan(0);
  expect(delivered + dropped).toBe(offered);
  expect(balance).toBe(0);
  expect(heard.filter((type) => type.endsWith('.end'))).toEqual([
    'model.end',
    'agent.end',
    'task.end',
    'run.end',
  ]);
});

test('two runtimes share neither keys nor callbacks', async () => {
  const [own, other] = [new Tracer(), new Tracer()];
  await using one = createRuntime({ callbacks: [own], env: { OPENAI_API_KEY: 'sk-of-one' } });
  await using two = createRuntime({ callbacks: [other] });
  const run = one.start(crewOf(scriptedModel(['ok'])));
  await run.result;
  await run.flush();
  expect(own.heard.length).toBe(run.audit().emitted);
  expect(other.heard).toEqual([]);
  const keyless = two.run(crewOf(new LLM({ model: 'openai/gpt-5.4-mini' })));
  await expect(keyless).rejects.toMatchObject({ code: 'llm/missing-key' });
});

import { expect, test } from 'vitest';
import { createRuntime, type Engine } from '../index.ts';
import { checkTrace, createGate } from '../testing/index.ts';
import { hop, inputsOf, markedCrew, markerOf, Tracer } from '../testing/marked.fixture.ts';

/** The event loop, saying what is asked of it. */
function watchedEngine() {
  const log: string[] = [];
  const engine: Engine = {
    name: 'watched',
    async execute(job, context) {
      log.push('begin');
      try {
        return await job.start(context);
      } finally {
        log.push('end');
      }
    },
    close: async () => void log.push('close'),
  };
  return { engine, log };
}

test('close at any boundary of a run: it ends as it would have, all is delivered, and only then is the engine closed (R67)', async () => {
  for (let boundary = 0; boundary < 60; boundary++) {
    const { engine, log } = watchedEngine();
    const runtime = createRuntime({ engine });
    const tracer = new Tracer(markerOf(boundary));
    const run = runtime.start(markedCrew(['ok']), { inputs: inputsOf(boundary), callbacks: [tracer] });
    await hop(boundary);
    const closed = runtime.close();
    expect(() => runtime.start(markedCrew(['ok'])), `boundary ${boundary}`).toThrow(/is draining/);
    await closed;
    expect((await run.result).text).toBe('ok');
    expect(checkTrace(tracer.heard, { ledger: run.ledger, audit: run.audit() })).toEqual([]);
    expect(log).toEqual(['begin', 'end', 'close']);
    expect(() => runtime.start(markedCrew(['ok']))).toThrow(/is closed/);
  }
});

test('registering and emitting while the runtime drains: the run keeps its callbacks, and they hear all of it (R67)', async () => {
  const gate = createGate();
  const [before, late] = [new Tracer(markerOf(0)), new Tracer(markerOf(0))];
  const runtime = createRuntime({ callbacks: [before] });
  const run = runtime.start(markedCrew([() => gate.pass().then(() => 'ok')]), { inputs: inputsOf(0) });
  await gate.reached;
  const closed = runtime.close();
  const registration = runtime.use([(event) => late.onEvent(event)]);
  await hop(3);
  gate.open();
  await closed;
  registration.dispose();
  expect(before.heard).toHaveLength(run.audit().emitted);
  expect(late.heard).toEqual([]);
});

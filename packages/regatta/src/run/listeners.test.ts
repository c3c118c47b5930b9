import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { createRuntime, defineTool } from '../index.ts';
import { createGate } from '../testing/index.ts';
import { inputsOf, markedCrew, markerOf, settle, Tracer } from '../testing/marked.fixture.ts';

const noop = defineTool({
  name: 'noop',
  description: 'Does nothing.',
  input: z.object({}),
  execute: () => 'ok',
});
const toolTurn = { toolCalls: Array.from({ length: 8 }, () => ({ tool: 'noop', args: {} })) };

/** Counts listeners of a signal. */
const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test('1,000 runs on one signal: one listener for each that is under way, none after, and no warning (D25, R19)', async () => {
  const warnings: Error[] = [];
  const hear = (warning: Error): void => void warnings.push(warning);
  process.on('warning', hear);
  const { signal } = new AbortController();
  const gate = createGate();
  let calls = 0;
  const crew = markedCrew([
    () => {
      if (++calls === 1000) gate.open();
      return gate.pass().then(() => 'ok');
    },
  ]);
  await using runtime = createRuntime();
  const runs = Array.from({ length: 1000 }, (_, index) =>
    runtime.start(crew, { inputs: inputsOf(index), signal }),
  );
  expect(listenersOf(signal)).toBeLessThanOrEqual(1000);
  await Promise.all(runs.map(({ result }) => result));
  expect(listenersOf(signal)).toBe(0);
  for (let index = 0; index < 100; index++) {
    await runtime.run(markedCrew(['ok']), { inputs: inputsOf(index), signal });
    expect(listenersOf(signal)).toBe(0);
  }
  await settle();
  process.off('warning', hear);
  expect(warnings).toEqual([]);
});

/** Listeners put on signals and not taken off again since this began; `stop` ends the counting. */
function countListeners() {
  let count = 0;
  const { addEventListener, removeEventListener } = AbortSignal.prototype;
  const spies = [
    vi.spyOn(AbortSignal.prototype, 'addEventListener').mockImplementation(function (
      this: AbortSignal,
      ...args: unknown[]
    ) {
      count++;
      Reflect.apply(addEventListener, this, args);
    }),
    vi.spyOn(AbortSignal.prototype, 'removeEventListener').mockImplementation(function (
      this: AbortSignal,
      ...args: unknown[]
    ) {
      const before = listenersOf(this);
      Reflect.apply(removeEventListener, this, args);
      count -= before - listenersOf(this);
    }),
  ];
  return {
    get count() {
      return count;
    },
    stop: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

test('however many calls a run makes, each takes its listeners off again (R19)', async () => {
  const listeners = countListeners();
  const seen: number[] = [];
  const crew = markedCrew(
    [
      ({ messages }) => {
        seen.push(listeners.count);
        return messages.length > 80 ? 'done' : toolTurn;
      },
    ],
    { tools: [noop] },
  );
  await crew.kickoff({ inputs: inputsOf(0), signal: new AbortController().signal });
  await settle();
  const left = listeners.count;
  listeners.stop();
  expect(seen.length).toBeGreaterThan(8);
  expect(new Set(seen).size).toBe(1);
  expect(left).toBe(0);
});

test("nothing holds a finished run: not its runtime, not the caller's signal (R38)", async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void; // V8 gives it with this flag
  const { signal } = new AbortController();
  const gone: WeakRef<object>[] = [];
  const runtime = createRuntime({ callbacks: [() => undefined] });
  const one = async (index: number): Promise<void> => {
    const tracer = new Tracer(markerOf(index));
    const run = runtime.start(markedCrew(['ok']), { inputs: inputsOf(index), signal, callbacks: [tracer] });
    await run.result;
    await run.flush();
    gone.push(new WeakRef(run), new WeakRef(tracer));
  };
  for (let index = 0; index < 20; index++) await one(index);
  for (let round = 0; round < 10 && gone.some((ref) => ref.deref() !== undefined); round++) {
    await settle();
    collect();
  }
  expect(gone.filter((ref) => ref.deref() !== undefined)).toEqual([]);
  expect(signal.aborted).toBe(false);
  await runtime.close();
});

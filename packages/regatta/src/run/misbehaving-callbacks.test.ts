import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Callback, callback, createRuntime, type RunEvent, transform } from '../index.ts';
import { checkTrace } from '../testing/index.ts';
import { eventsOf, inputsOf, markedCrew, Tracer } from '../testing/marked.fixture.ts';

/** Everything that a callback may do wrong, and must be the only one to feel. */
const MISDEEDS: Readonly<Record<string, () => Callback>> = {
  throws: () =>
    callback(() => {
      throw new Error('thrown');
    }),
  rejects: () => callback(() => Promise.reject(new Error('rejected'))),
  'never settles': () => callback(() => new Promise(() => undefined), { timeoutMs: 1 }),
  'gives a promise that throws': () =>
    callback(() => ({
      // biome-ignore lint/suspicious/noThenProperty: what somebody else's promise may be
      then: () => {
        throw new Error('no promise');
      },
    })),
  'gives a promise whose `then` throws when it is read': () =>
    callback(() =>
      Object.defineProperty({}, 'then', {
        get: () => {
          throw new Error('unreadable');
        },
      }),
    ),
  'throws nothing at all': () =>
    callback(() => {
      throw undefined;
    }),
  'transforms and throws': () =>
    transform(() => {
      throw new Error('cannot redact');
    }),
  'transforms into nothing': () => transform(() => undefined as unknown as RunEvent),
  'transforms into a promise': () => transform((event) => Promise.resolve(event) as unknown as RunEvent),
};

test('any set of callbacks that misbehave, and a listener for failures that does too: the run and those before them do not feel it (R11)', async () => {
  const warnings: unknown[] = [];
  const hear = (error: unknown): void => void warnings.push(error);
  process.on('unhandledRejection', hear);
  await fc.assert(
    fc.asyncProperty(fc.subarray(Object.keys(MISDEEDS)), async (names) => {
      const before = new Tracer('MARK-0');
      const runtime = createRuntime({
        callbacks: [before],
        onCallbackError: () => {
          throw new Error('and so does this');
        },
      });
      const run = runtime.start(markedCrew(['ok']), {
        inputs: inputsOf(0),
        callbacks: names.map((name) => MISDEEDS[name]!()),
      });
      await expect(run.result).resolves.toMatchObject({ text: 'ok' });
      const audit = await run.flush();
      expect(before.heard).toEqual(await eventsOf(run));
      expect(checkTrace(before.heard, { ledger: run.ledger, audit })).toEqual([]);
    }),
    { numRuns: 40 },
  );
  process.off('unhandledRejection', hear);
  expect(warnings).toEqual([]);
});

test.each(['transforms and throws', 'transforms into nothing', 'transforms into a promise'])(
  'who stands behind a callback that %s hears nothing, and the audit counts it',
  async (name) => {
    const behind = new Tracer('MARK-0');
    const runtime = createRuntime({ onCallbackError: () => undefined });
    const run = runtime.start(markedCrew(['ok']), {
      inputs: inputsOf(0),
      callbacks: [MISDEEDS[name]!(), behind],
    });
    await run.result;
    const { withheld, emitted } = await run.flush();
    expect(behind.heard).toEqual([]);
    expect(withheld).toBe(emitted);
  },
);

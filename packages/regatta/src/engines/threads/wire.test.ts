/** What crosses, crosses whole, in order and at once; what cannot is replaced, and what is thrown stays an error. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRegattaError, RegattaError } from '../../index.ts';
import { Outbox } from './outbox.ts';
import { fromWireError, toWireError } from './wire-error.ts';

function openOutbox() {
  const batches: unknown[][] = [];
  const port = { postMessage: (batch: unknown) => batches.push(structuredClone(batch) as unknown[]) };
  const outbox = new Outbox<unknown>(port, (message) => `instead of ${typeof message}`);
  return { batches, outbox };
}

test('messages leave when a batch is full, when the loop turns, and when they are told to', async () => {
  const { batches, outbox } = openOutbox();
  for (let index = 0; index < 130; index++) outbox.push(index);
  expect(batches.map(({ length }) => length)).toEqual([64, 64]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(batches.flat()).toEqual(Array.from({ length: 130 }, (_, index) => index));
  outbox.push('now');
  outbox.flush();
  expect(batches.at(-1)).toEqual(['now']);
  outbox.flush();
  await new Promise((resolve) => setImmediate(resolve));
  expect(batches).toHaveLength(4); // nothing is sent empty
});

test('what cannot be cloned crosses as JSON, or is replaced, and its neighbours cross as they are', () => {
  const { batches, outbox } = openOutbox();
  const date = new Date(0);
  outbox.push({ date });
  outbox.push({ kept: 1, lost: () => 1 });
  outbox.push({ big: 1n, lost: () => 1 });
  outbox.push({ big: 1n });
  outbox.flush();
  expect(batches.flat()).toEqual([{ date }, { kept: 1 }, 'instead of object', { big: 1n }]);
});

test('an error of ours is one on the other side, with its details and its causes', () => {
  const cause = new TypeError('the root', { cause: 'text' });
  const error = new RegattaError('run/failed', 'It failed. Mend it.', { runId: 'r' }, { cause });
  const copy = fromWireError(structuredClone(toWireError(error)));
  expect(isRegattaError(copy, 'run/failed')).toBe(true);
  expect(copy).toMatchObject({ message: error.message, details: { runId: 'r' }, stack: error.stack });
  expect(copy.cause).toMatchObject({ name: 'TypeError', message: 'the root', cause: { message: 'text' } });
});

test('anything that is thrown crosses: no value, no circle and no trap keeps an error from being told', () => {
  const circle = new Error('round and round');
  circle.cause = circle;
  const trap = new Proxy(new Error('trap'), {
    get: (target, key) => {
      if (key === 'message') throw new Error('caught');
      return Reflect.get(target, key);
    },
  });
  for (const thrown of [circle, trap, Symbol('s'), Object.create(null), () => 1, undefined, null]) {
    expect(fromWireError(structuredClone(toWireError(thrown)))).toBeInstanceOf(Error);
  }
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
      (thrown) => {
        const details = { runId: thrown } as unknown as { runId: string }; // as careless as can be
        const error = new RegattaError('run/failed', 'x', details, { cause: thrown });
        expect(fromWireError(structuredClone(toWireError(error))).message).toBe('x');
      },
    ),
  );
});

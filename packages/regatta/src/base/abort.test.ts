import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { CancelScope, untilAborted } from './abort.ts';

const hung = new Promise<never>(() => undefined);

test('whoever waits is freed at once, and the work that goes on is handed over', async () => {
  const parent = new AbortController();
  const orphans: unknown[] = [];
  const cancel = new CancelScope(parent.signal, { onOrphan: (work) => orphans.push(work) });
  const raced = cancel.race(hung);
  parent.abort(new Error('stop'));
  await expect(raced).rejects.toThrow('stop');
  expect(cancel.signal.reason).toBe(parent.signal.reason);
  expect(orphans).toHaveLength(1);
});

test('a deadline aborts with its own reason, and closing leaves neither timer nor listener', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const parent = new AbortController();
  const cancel = new CancelScope(parent.signal, { timeoutMs: 5, timeoutReason: () => new Error('too late') });
  await expect(cancel.race(hung)).rejects.toThrow('too late');
  cancel.close();
  const calm = new CancelScope(parent.signal, { timeoutMs: 60_000 });
  expect(await calm.race(Promise.resolve(1))).toBe(1);
  calm.close();
  expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  expect(getEventListeners(calm.signal, 'abort')).toHaveLength(0);
  expect(timers()).toBe(before);
});

test('work that fails after its caller left is not an unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const hear = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', hear);
  const { promise, reject } = Promise.withResolvers<never>();
  const controller = new AbortController();
  const raced = untilAborted(promise, controller.signal);
  controller.abort(new Error('left'));
  await expect(raced).rejects.toThrow('left');
  reject(new Error('late'));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', hear);
  expect(unhandled).toEqual([]);
});

test('a scope of an aborted parent is aborted from the start', async () => {
  const parent = new AbortController();
  parent.abort(new Error('before'));
  const cancel = new CancelScope(parent.signal);
  await expect(cancel.race(Promise.resolve(1))).rejects.toThrow('before');
});

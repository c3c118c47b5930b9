/**
 * Which run the code around is part of, for user code that cannot be given a context.
 *
 * Sugar only: nothing of ours reads it. It holds ids and no objects, it is entered around each call
 * of user code, and one store serves the process, whatever copies of this package are loaded.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

export interface CurrentRun {
  readonly id: string;
  readonly spanId: string;
}

const KEY = Symbol.for('regatta.current-run.v1');

interface Holder {
  [KEY]?: AsyncLocalStorage<CurrentRun>;
}

function storage(): AsyncLocalStorage<CurrentRun> {
  const holder = globalThis as Holder; // the global object, with our one slot
  holder[KEY] ??= new AsyncLocalStorage<CurrentRun>();
  return holder[KEY];
}

/** The run that the calling tool or callback belongs to; undefined outside of any. */
export function currentRun(): CurrentRun | undefined {
  return storage().getStore();
}

/** As `enterRun`, for who enters the same run with every event: what is ambient where it is made stays so. */
export function createEnter(run: CurrentRun): <T>(call: () => T) => T {
  const inside = enterRun(run, () => new AsyncResource('regatta.run', { requireManualDestroy: true }));
  return (call) => inside.runInAsyncScope(call);
}

/** Calls user code inside a run. */
export function enterRun<T>(run: CurrentRun, call: () => T): T {
  return storage().run(Object.freeze(run), call); // all code of a run sees this one object
}

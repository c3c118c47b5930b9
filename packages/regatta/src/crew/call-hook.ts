/** Functions of the user that a run waits for: in time, and what they throw is said to be theirs. */
import { CancelScope } from '../base/abort.ts';
import { messageOf, RegattaError } from '../base/errors.ts';
import type { RunContext } from '../ports/run-context.ts';

/** One that saves to a database or a queue is done by then, or hangs. */
export const HOOK_TIMEOUT_MS = 60_000;

/** @throws RegattaError `hook/failed` or `hook/timeout`; the signal's reason. */
export async function callHook<T>(hook: string, call: () => T, context: RunContext): Promise<Awaited<T>> {
  const cancel = new CancelScope(context.signal, {
    timeoutMs: HOOK_TIMEOUT_MS,
    timeoutReason: () =>
      new RegattaError(
        'hook/timeout',
        `${hook} was not done within ${HOOK_TIMEOUT_MS} ms. Make it faster, or let it start work that it does not wait for.`,
        { hook, timeoutMs: HOOK_TIMEOUT_MS },
      ),
    onOrphan: context.orphan,
  });
  try {
    return await cancel.race(context.enter(async () => await call()));
  } catch (error) {
    if (cancel.signal.aborted) throw error;
    throw new RegattaError('hook/failed', `${hook} failed: ${messageOf(error)}`, { hook }, { cause: error });
  } finally {
    cancel.close();
  }
}

/** Guards: what they stand before happens only if each of them lets it, in time. */
import { CancelScope } from '../base/abort.ts';
import { messageOf, RegattaError } from '../base/errors.ts';
import { deepFreeze } from '../base/json.ts';
import type { GuardContext, GuardPoint, GuardSubjects } from '../ports/guard.ts';
import type { GuardEntry, Scope } from '../ports/scope.ts';

export interface Guarded<Point extends GuardPoint> {
  readonly scope: Scope;
  readonly at: Point;
  readonly subject: GuardSubjects[Point];
}

/**
 * Outermost first, one after the other; each sees what the one before it gave.
 *
 * @throws RegattaError `guard/denied` or `guard/timeout`; the signal's reason.
 */
export async function applyGuards<Point extends GuardPoint>(
  { scope, at, subject }: Guarded<Point>,
  context: GuardContext,
): Promise<GuardSubjects[Point]> {
  let current = subject;
  for (const entry of scope) {
    if (entry.kind !== 'guard' || entry.at !== at) continue;
    const replaced = await check(entry, current, context);
    if (replaced !== undefined) current = deepFreeze(replaced as GuardSubjects[Point]); // a guard gives what it got, changed
  }
  return current;
}

async function check(
  { name, at, check: guard, timeoutMs }: GuardEntry,
  subject: GuardSubjects[GuardPoint],
  context: GuardContext,
): Promise<GuardSubjects[GuardPoint] | undefined> {
  const cancel = new CancelScope(context.signal, {
    timeoutMs,
    timeoutReason: () =>
      new RegattaError(
        'guard/timeout',
        `Guard "${name}" did not decide on ${at} within ${timeoutMs} ms, so it is denied. Raise its timeoutMs, or make it faster.`,
        { guard: name, at, timeoutMs },
      ),
  });
  try {
    const decide = async () => guard(subject, { ...context, signal: cancel.signal });
    return await cancel.race(decide());
  } catch (error) {
    if (cancel.signal.aborted) throw error;
    throw new RegattaError(
      'guard/denied',
      `Guard "${name}" denied ${at}: ${messageOf(error)}`,
      { guard: name, at },
      { cause: error },
    );
  } finally {
    cancel.close();
  }
}

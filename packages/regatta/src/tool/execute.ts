/** The tool's own function at work: from the cache if it may, tried again if it may, in its time. */

import { backoffMs } from '../base/backoff.ts';
import { toErrorData } from '../base/error-data.ts';
import { isRegattaError, messageOf } from '../base/errors.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { ToolUse } from '../ports/tool.ts';
import { ToolError } from '../ports/tool-error.ts';
import type { ErrorData } from '../protocol/output.ts';
import { failureOf, inTime, toolContextOf } from './user-code.ts';

/** What a use came to, as plain data for a journal. */
export interface Outcome {
  readonly result: string;
  /** The tool's own failure. */
  readonly error: ErrorData | null;
  readonly isCached: boolean;
  readonly attempts: number;
}

const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

/**
 * Also a failure is an outcome: a run that is resumed does not try it anew, and goes on as before.
 * `onThrown` gets the failure itself.
 *
 * @throws the signal's reason.
 */
export async function execute(
  use: ToolUse,
  context: RunContext,
  onThrown: (error: unknown) => void,
): Promise<Outcome> {
  const { tool } = use;
  const tally = { attempts: 0 };
  try {
    return await inTime(tool, context, async (cancel) => {
      const inner = context.withSignal(cancel.signal);
      const work = () => cancel.race(attempt(use, inner, tally)); // the tool may be deaf to the signal
      const { cache } = tool;
      const { text, isCached } =
        cache === undefined ? { text: await work(), isCached: false } : await cache.answer(use, inner, work);
      return { result: text, error: null, isCached, attempts: tally.attempts };
    });
  } catch (error) {
    context.signal.throwIfAborted();
    onThrown(error);
    return { result: messageOf(error), error: toErrorData(error), isCached: false, ...tally };
  }
}

async function attempt(use: ToolUse, context: RunContext, tally: { attempts: number }): Promise<string> {
  const { tool, parsed } = use;
  const { name, retries = 0 } = tool;
  const { signal, random, clock } = context;
  const told = toolContextOf(use, context); // outside of the run that ambient context shows: it is an argument
  const work = (): unknown => tool.execute(parsed, told);
  for (;;) {
    tally.attempts++;
    try {
      return toText(await context.enter(work), name);
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = failureOf(error, name);
      if (tally.attempts > retries || !isRetryable(failure)) throw failure;
    }
    const backoff = { minDelayMs: MIN_DELAY_MS, maxDelayMs: MAX_DELAY_MS, random };
    await clock.sleep(backoffMs(tally.attempts, backoff), signal);
  }
}

function isRetryable(error: unknown): boolean {
  return isRegattaError(error) && 'retryable' in error.details && error.details.retryable;
}

function toText(result: unknown, tool: string): string {
  if (typeof result === 'string') return result;
  try {
    return JSON.stringify(result) ?? 'null';
  } catch (error) {
    const why = `It returned something that JSON cannot carry (${messageOf(error)}). Return text or plain data.`;
    throw failureOf(new ToolError(why, { cause: error }), tool);
  }
}

/** The user's functions in a tool: called inside their run, in the tool's time, and their failures named. */
import { CancelScope } from '../base/abort.ts';
import { messageOf, RegattaError } from '../base/errors.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Tool, ToolContext, ToolUse } from '../ports/tool.ts';

/** What the user's functions get of a use beside its arguments. */
export function toolContextOf(
  { callId }: ToolUse,
  { runId, span, signal, context }: RunContext,
): ToolContext {
  const { task, agent, id: idempotencyKey } = span;
  return { runId, task, agent, callId, idempotencyKey, signal, context };
}

/**
 * Gives what `work` comes to, at most `timeoutMs` of the tool after its start.
 *
 * @throws RegattaError `tool/timeout`, `tool/failed`, or one that `work` threw; the signal's reason.
 */
export async function inTime<T>(
  { name, timeoutMs }: Tool,
  context: RunContext,
  work: (cancel: CancelScope) => Promise<T>,
): Promise<T> {
  const cancel = new CancelScope(context.signal, {
    timeoutMs,
    timeoutReason: () =>
      new RegattaError(
        'tool/timeout',
        `Tool "${name}" did not answer within ${timeoutMs} ms. Try another way, or raise its timeoutMs.`,
        { tool: name, timeoutMs },
      ),
    onOrphan: context.orphan,
  });
  const { signal } = cancel;
  try {
    signal.throwIfAborted();
    return await work(cancel);
  } catch (error) {
    if (signal.aborted) throw error;
    throw failureOf(error, name);
  } finally {
    cancel.close();
  }
}

/** What was thrown, as one of our errors. */
export function failureOf(error: unknown, tool: string): RegattaError {
  if (error instanceof RegattaError) return error;
  const { code, retryable } = Object(error) as Readonly<Record<string, unknown>>; // anything may be thrown
  const toolCode = typeof code === 'string' ? code : null;
  return new RegattaError(
    'tool/failed',
    `Tool "${tool}" failed: ${messageOf(error)}`,
    { tool, toolCode, retryable: retryable === true },
    { cause: error },
  );
}

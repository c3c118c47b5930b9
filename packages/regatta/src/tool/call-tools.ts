/** The tool calls of one turn: run at once, reported as they finish, answered in the order asked. */
import { CancelScope } from '../base/abort.ts';
import { RegattaError } from '../base/errors.ts';
import { settleAll } from '../base/settle-all.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { OnFailure, Tool } from '../ports/tool.ts';
import type { ToolCallPart, ToolMessage } from '../protocol/message.ts';
import { callTool } from './call-tool.ts';

/** Calls of one turn at work together: more than models ask for, fewer than a server minds. */
export const TOOL_CONCURRENCY = 8;

export interface ToolTurn {
  readonly tools: readonly Tool[];
  readonly calls: readonly ToolCallPart[];
  /** Counts from 1; part of the calls' span ids. */
  readonly turn: number;
  /** What `onFailureOf` gives for task, agent and crew; a tool's own goes before it. @default 'answer' */
  readonly onFailure?: OnFailure | undefined;
}

/**
 * A tool's failure is an answer to the model, not an end of the run; unless it is to fail the task. Then
 * the other calls of the turn are cancelled, and those that wait do not begin.
 *
 * @throws the signal's reason once the context is aborted, or the first failure that is to fail the task;
 * after the end of every call that began.
 */
export async function callTools(
  { tools, calls, turn, onFailure }: ToolTurn,
  context: RunContext,
): Promise<readonly ToolMessage[]> {
  const failures: unknown[] = [];
  const cancel = calls.length > 1 ? new CancelScope(context.signal) : undefined; // one has no others to cancel
  const { signal } = cancel ?? context;
  const use = async (call: ToolCallPart, index: number): Promise<ToolMessage> => {
    const inner = context.child(`turn-${turn}/tool-${index}`).withSignal(signal);
    try {
      return await callTool({ tools, call, onFailure }, inner);
    } catch (error) {
      failures.push(error);
      cancel?.abort(cancelledBy(call.tool));
      throw error;
    }
  };
  let ends: readonly PromiseSettledResult<ToolMessage>[];
  try {
    ends = await settleAll(calls, use, { limit: TOOL_CONCURRENCY, signal });
  } finally {
    cancel?.close();
  }
  context.signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
}

function cancelledBy(tool: string): RegattaError {
  return new RegattaError(
    'tool/cancelled',
    `This call was cancelled, because tool "${tool}" of the same turn failed, and its failure fails the task. Mend that tool, or give it onFailure: 'answer'.`,
    { because: tool },
  );
}

/** The tool calls of one turn: run at once, reported as they finish, answered in the order asked. */
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import type { Tool } from '../ports/tool.ts';
import type { ToolCallPart, ToolMessage } from '../protocol/message.ts';
import { callTool, type ToolAnswer } from './call-tool.ts';

/** Calls of one turn at work together: more than models ask for, fewer than a server minds. */
export const TOOL_CONCURRENCY = 8;

export interface ToolTurn {
  readonly tools: readonly Tool[];
  readonly calls: readonly ToolCallPart[];
  /** Counts from 1; part of the calls' span ids. */
  readonly turn: number;
}

/**
 * A tool's failure is an answer to the model, not an end of the run.
 *
 * @throws the signal's reason once the context is aborted, after the end of every call that began.
 */
export async function* callTools(
  { tools, calls, turn }: ToolTurn,
  context: RunContext,
): Work<readonly ToolMessage[]> {
  const answers: ToolMessage[] = [];
  const running = new Map<number, Promise<{ readonly index: number; readonly answer: ToolAnswer }>>();
  const spans = calls.map((_, index) => context.child(`turn-${turn}/tool-${index}`));
  let next = 0;
  while (next < calls.length || running.size > 0) {
    for (; next < calls.length && running.size < TOOL_CONCURRENCY && !context.signal.aborted; next++) {
      const index = next;
      const call = calls[index] as ToolCallPart; // below the length
      const inner = spans[index] as RunContext; // one for each call
      const { tool, callId, args } = call;
      yield { span: inner.span, body: { type: 'tool.start', tool, callId, args } };
      running.set(
        index,
        callTool(tools, call, inner).then((answer) => ({ index, answer })),
      );
    }
    if (running.size === 0) break;
    const { index, answer } = await Promise.race(running.values());
    running.delete(index);
    const { tool, callId, content } = answer.message;
    answers[index] = answer.message;
    const { span } = spans[index] as RunContext; // one for each call
    yield { span, body: { type: 'tool.end', tool, callId, result: content, error: answer.error } };
  }
  context.signal.throwIfAborted();
  return answers;
}

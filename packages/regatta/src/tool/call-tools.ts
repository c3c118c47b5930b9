/** The tool calls of one turn: run at once, reported as they finish, answered in the order asked. */
import { Merge } from '../base/merge.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { EventDraft, Work } from '../ports/span.ts';
import type { Tool } from '../ports/tool.ts';
import type { ToolCallPart, ToolMessage } from '../protocol/message.ts';
import { callTool } from './call-tool.ts';

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
  const work = new Merge<EventDraft>();
  const waiting = calls.map((call, index) => ({ call, index }));
  const startNext = (): void => {
    if (context.signal.aborted) return;
    const next = waiting.shift();
    if (next === undefined) return;
    const { call, index } = next;
    work.start(callTool(tools, call, context.child(`turn-${turn}/tool-${index}`)), (ended) => {
      if (ended.isDone) answers[index] = ended.value; // it never throws
      startNext();
    });
  };
  for (let at = 0; at < TOOL_CONCURRENCY; at++) startNext();
  yield* work.read();
  context.signal.throwIfAborted();
  return answers;
}

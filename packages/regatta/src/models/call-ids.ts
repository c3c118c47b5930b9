/** Ids for tool calls that came without one. */
import type { Message } from '../protocol/message.ts';

/** Gives `call-0`, `call-1`, …: no two alike in the conversation, and the same when a run is repeated. */
export function createCallIds(history: readonly Message[]): () => string {
  let next: number | undefined;
  return () => {
    next ??= countCalls(history);
    return `call-${next++}`;
  };
}

function countCalls(history: readonly Message[]): number {
  let calls = 0;
  for (const message of history) {
    if (message.role !== 'assistant') continue;
    for (const part of message.content) if (part.type === 'tool-call') calls++;
  }
  return calls;
}

/** A model in this process: an answer by a function, and nothing kept of the request. */
import type { Model, ModelReply, ModelRequest } from 'regatta';

/** A text, or a call of one tool. */
export type QuickAnswer = string | { readonly tool: string; readonly args: object };

export interface QuickModelOptions {
  /** Milliseconds until the answer comes. @default at once */
  readonly delayMs?: () => number;
  /** Pieces that a streamed answer comes in. @default the whole text as one */
  readonly pieces?: (text: string) => Iterable<string>;
}

const USAGE = {
  inputTokens: 10,
  outputTokens: 5,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
} as const;

export function quickModel(
  answer: (request: ModelRequest) => QuickAnswer,
  { delayMs, pieces = (text) => [text] }: QuickModelOptions = {},
): Model {
  return Object.freeze({
    id: 'quick/model',
    async call(request, { signal, wantsDeltas, clock }, tell) {
      if (delayMs !== undefined) await clock.sleep(delayMs(), signal);
      const given = answer(request);
      if (wantsDeltas && typeof given === 'string') {
        for (const text of pieces(given)) await tell({ type: 'delta', kind: 'text', text, tool: null });
      }
      return toReply(given);
    },
  } satisfies Model);
}

function toReply(given: QuickAnswer): ModelReply {
  const isText = typeof given === 'string';
  return {
    message: {
      role: 'assistant',
      content: [
        isText
          ? { type: 'text', text: given }
          : { type: 'tool-call', callId: 'call', tool: given.tool, args: { ...given.args } },
      ],
    },
    finishReason: isText ? 'stop' : 'tool-calls',
    usage: USAGE,
    modelId: null,
    responseId: null,
  };
}

/** How often the model has answered in this conversation. */
export function turnsOf({ messages }: ModelRequest): number {
  return messages.filter(({ role }) => role === 'assistant').length;
}

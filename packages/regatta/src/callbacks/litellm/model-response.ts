/** Answers and pieces of answers in the shape of LiteLLM's `ModelResponse` and `ModelResponseStream`. */
import { deepFreeze } from '../../base/json.ts';
import type { FinishReason, ModelDelta } from '../../protocol/event.ts';
import type { AssistantMessage } from '../../protocol/message.ts';
import type { Usage } from '../../protocol/usage.ts';
import { type OpenAIToolCall, toOpenAIMessage } from './openai-message.ts';

/** Counts that the provider did not give are 0, and unknown details null, as LiteLLM has it. */
export interface OpenAIUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: {
    readonly cached_tokens: number | null;
    readonly cache_creation_tokens: number | null;
  };
  readonly completion_tokens_details: { readonly reasoning_tokens: number | null };
}

export interface ModelResponse {
  /** The call's id: what the provider named its answer is not in events. */
  readonly id: string;
  readonly object: 'chat.completion';
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: null;
  readonly choices: readonly {
    readonly finish_reason: string;
    readonly index: number;
    readonly message: {
      readonly role: 'assistant';
      readonly content: string | null;
      readonly tool_calls: readonly OpenAIToolCall[] | null;
      readonly function_call: null;
      readonly reasoning_content?: string;
    };
  }[];
  readonly usage: OpenAIUsage;
}

export interface ModelResponseStream {
  readonly id: string;
  readonly object: 'chat.completion.chunk';
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: null;
  readonly choices: readonly {
    readonly finish_reason: null;
    readonly index: number;
    readonly delta: {
      /** Only in the first piece. */
      readonly role: 'assistant' | null;
      readonly content: string | null;
      readonly tool_calls:
        | readonly {
            readonly index: number;
            readonly id: null;
            readonly type: 'function';
            readonly function: { readonly name: string | null; readonly arguments: string };
          }[]
        | null;
      readonly function_call: null;
    };
    readonly logprobs: null;
  }[];
}

/** What a response and its pieces say of their call. */
export interface ResponseFacts {
  readonly id: string;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export interface Answer {
  readonly message: AssistantMessage;
  readonly finishReason: FinishReason;
  readonly usage: Usage;
}

export function toModelResponse(
  { id, model, time }: ResponseFacts,
  { message, finishReason, usage }: Answer,
): ModelResponse {
  const { content, tool_calls = null, reasoning_content } = toOpenAIMessage(message);
  return deepFreeze({
    id,
    object: 'chat.completion',
    created: Math.floor(time / 1000),
    model,
    system_fingerprint: null,
    choices: [
      {
        finish_reason: toFinishReason(finishReason),
        index: 0,
        message: {
          role: 'assistant',
          content: typeof content === 'string' ? content : null,
          tool_calls,
          function_call: null,
          ...(reasoning_content === undefined ? {} : { reasoning_content }),
        },
      },
    ],
    usage: toOpenAIUsage(usage),
  });
}

export function toChunk(
  { id, model, time }: ResponseFacts,
  { kind, text, tool }: ModelDelta,
  isFirst: boolean,
): ModelResponseStream {
  const isText = kind !== 'tool-call';
  return deepFreeze({
    id,
    object: 'chat.completion.chunk',
    created: Math.floor(time / 1000),
    model,
    system_fingerprint: null,
    choices: [
      {
        finish_reason: null,
        index: 0,
        delta: {
          role: isFirst ? 'assistant' : null,
          content: isText ? text : null,
          tool_calls: isText
            ? null
            : [{ index: 0, id: null, type: 'function', function: { name: tool, arguments: text } }],
          function_call: null,
        },
        logprobs: null,
      },
    ],
  });
}

export function toOpenAIUsage(usage: Usage): OpenAIUsage {
  const prompt = usage.inputTokens ?? 0;
  const completion = usage.outputTokens ?? 0;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      cache_creation_tokens: usage.cacheWriteTokens,
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}

/** OpenAI's words. It has none for a failure or a pause, and LiteLLM writes `stop` where nothing is known. */
function toFinishReason(reason: FinishReason): string {
  switch (reason) {
    case 'length':
      return 'length';
    case 'tool-calls':
      return 'tool_calls';
    case 'content-filter':
      return 'content_filter';
    case 'stop':
    case 'pause':
    case 'error':
    case null:
      return 'stop';
  }
}

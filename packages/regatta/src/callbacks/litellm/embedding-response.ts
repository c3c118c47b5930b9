/** What a request for embeddings gave, in the shape of LiteLLM's `EmbeddingResponse`. */
import { deepFreeze } from '../../base/json.ts';
import type { Usage } from '../../protocol/usage.ts';
import type { ModelResponse, OpenAIUsage } from './model-response.ts';

export interface EmbeddingUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: 0;
  readonly total_tokens: number;
  readonly prompt_tokens_details: null;
  readonly completion_tokens_details: null;
}

export interface EmbeddingResponse {
  readonly object: 'list';
  readonly model: string;
  /** Always empty: vectors are not in events. */
  readonly data: readonly never[];
  readonly usage: EmbeddingUsage;
}

/** Told apart by `object`. */
export type CallResponse = ModelResponse | EmbeddingResponse;
export type CallUsage = OpenAIUsage | EmbeddingUsage;

export function toEmbeddingResponse(model: string, { inputTokens }: Usage): EmbeddingResponse {
  const tokens = inputTokens ?? 0;
  return deepFreeze({
    object: 'list',
    model,
    data: [],
    usage: {
      prompt_tokens: tokens,
      completion_tokens: 0,
      total_tokens: tokens,
      prompt_tokens_details: null,
      completion_tokens_details: null,
    },
  });
}

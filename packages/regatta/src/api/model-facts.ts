/** What is known of models and their providers without asking them. */
import { parseModelName } from '../model/name.ts';
import { findContextWindow } from '../models/prices/find.ts';
import type { TokenCount } from '../models/tokens/count.ts';
import { listProviders as list, type ProviderInfo } from '../models/vendors/table.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Message } from '../protocol/message.ts';

export type { ProviderInfo, TokenCount };

/** Every provider by name, with its package, its variables and what it takes. Loads none of them. */
export function listProviders(): readonly ProviderInfo[] {
  return list();
}

/**
 * Tokens of the prompt, as one message of the user or as a conversation. Exact for texts to OpenAI's
 * GPT-4.1, GPT-4o and older, and to its embedding models, where the package `gpt-tokenizer` is installed;
 * else an estimate. Tools and schemas are not counted.
 *
 * @throws RegattaError `llm/bad-model`.
 * @example
 * const { tokens, isExact } = await countTokens('openai/gpt-4.1-mini', 'What is a regatta?');
 */
export async function countTokens(
  model: string | LlmDefinition,
  input: string | readonly Message[],
): Promise<TokenCount> {
  const { provider, modelId } = nameOf(model);
  const messages: readonly Message[] = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  const { countTokens: count } = await import('../models/tokens/count.ts'); // for those who count
  return await count(provider, modelId, messages);
}

/**
 * Tokens that prompt and answer may have together; null = not known. What an LLM says of itself by
 * `contextWindow` wins.
 *
 * @throws RegattaError `llm/bad-model`.
 */
export function contextWindowOf(model: string | LlmDefinition): number | null {
  const own = typeof model === 'string' ? undefined : model.settings.contextWindow;
  const { provider, modelId } = nameOf(model);
  return own ?? findContextWindow(provider, modelId);
}

/** An object of another library is of no provider that is known here. */
function nameOf(model: string | LlmDefinition): { readonly provider: string; readonly modelId: string } {
  const name = typeof model === 'string' ? model : model.model;
  return typeof name === 'string' ? parseModelName(name) : { provider: '', modelId: '' };
}

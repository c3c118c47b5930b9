/**
 * Token counts, from the specification's shapes to ours.
 *
 * The packages write 0 for a count that the provider did not send. Where the provider's own usage is
 * at hand (`raw`), a 0 that stands nowhere in it becomes null: not said is not the same as none.
 */
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { NO_USAGE, type Usage } from '../../protocol/usage.ts';
import type { SpecUsage } from './specification.ts';

/** A field, or one in an object. */
type Path = readonly [outer: string, inner?: string];

/** Where the providers write each count: OpenAI chat, OpenAI responses, Anthropic, Gemini, Bedrock. */
const PATHS = {
  input: [['prompt_tokens'], ['input_tokens'], ['promptTokenCount'], ['inputTokens']],
  // Gemini leaves out what is 0: no candidates beside a prompt are no tokens.
  output: [['completion_tokens'], ['output_tokens'], ['promptTokenCount'], ['outputTokens']],
  cached: [
    ['prompt_tokens_details', 'cached_tokens'],
    ['input_tokens_details', 'cached_tokens'],
    ['cache_read_input_tokens'],
    ['cachedContentTokenCount'],
    ['cacheReadInputTokens'],
  ],
  cacheWrite: [
    ['input_tokens_details', 'cache_write_tokens'],
    ['cache_creation_input_tokens'],
    ['cacheWriteInputTokens'],
  ],
  reasoning: [
    ['completion_tokens_details', 'reasoning_tokens'],
    ['output_tokens_details', 'reasoning_tokens'],
    ['output_tokens_details', 'thinking_tokens'],
    ['thoughtsTokenCount'],
  ],
} as const;

export function toUsage(usage: SpecUsage | undefined): Usage {
  if (!usage) return NO_USAGE;
  const { inputTokens: input, outputTokens: output } = usage;
  if (typeof input !== 'object' || typeof output !== 'object') {
    // Version 2 is flat, and never tells about cache writes.
    const { reasoningTokens, cachedInputTokens } = usage as {
      reasoningTokens?: number;
      cachedInputTokens?: number;
    }; // only version 2 has numbers here
    return {
      inputTokens: count(input),
      outputTokens: count(output),
      cachedInputTokens: count(cachedInputTokens),
      cacheWriteTokens: null,
      reasoningTokens: count(reasoningTokens),
    };
  }
  const { raw } = usage as { raw?: unknown }; // versions 3 and 4 both have it, optional
  return {
    inputTokens: geminiInput(raw) ?? said(input.total, raw, PATHS.input),
    outputTokens: said(output.total, raw, PATHS.output),
    cachedInputTokens: said(input.cacheRead, raw, PATHS.cached),
    cacheWriteTokens: said(input.cacheWrite, raw, PATHS.cacheWrite),
    reasoningTokens: said(output.reasoning, raw, PATHS.reasoning),
  };
}

/** Versions 3 of Gemini's package leave out what the tools that Gemini ran added to the prompt. */
function geminiInput(raw: unknown): number | undefined {
  if (!isJsonObject(raw) || typeof raw.promptTokenCount !== 'number') return undefined;
  return raw.promptTokenCount + (count(raw.toolUsePromptTokenCount) ?? 0);
}

function said(value: number | undefined, raw: unknown, paths: readonly Path[]): number | null {
  return value === 0 && isJsonObject(raw) && !hasAny(raw, paths) ? null : count(value);
}

function hasAny(raw: JsonObject, paths: readonly Path[]): boolean {
  for (const [outer, inner] of paths) {
    const holder = inner === undefined ? raw : raw[outer];
    if (isJsonObject(holder) && typeof holder[inner ?? outer] === 'number') return true;
  }
  return false;
}

/** Some providers send null, and some OpenAI-compatible servers NaN as null: only a real count is one. */
function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

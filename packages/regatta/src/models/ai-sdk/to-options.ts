/** A request and the settings of its model as call options of the AI SDK's specification. */
import type { SharedV4ProviderOptions } from '@ai-sdk/provider';
import type { ModelRequest, ModelSettings } from '../../ports/model.ts';
import type { CallOptions, LanguageModel } from './specification.ts';
import { isStrict } from './strict-schema.ts';
import { toPrompt } from './to-prompt.ts';

type ProviderOptions = Readonly<Record<string, object>>;

/**
 * How a provider takes a schema for its answer.
 *
 * OpenAI takes it beside tools. Gemini before version 3 refuses the request then, and Anthropic's package
 * puts a forced tool in its place where a model or a schema is not fit for it.
 */
export interface StructuredOutput {
  /** Whether it takes one beside tools. If not, only the prompt asks for the shape then. */
  readonly besideTools: boolean;
  /** Under which provider options strictness is said; a strict schema must not leave anything open. */
  readonly strictUnder?: 'openai' | 'openaiCompatible';
}

export const OPENAI_STRUCTURED: StructuredOutput = Object.freeze({
  besideTools: true,
  strictUnder: 'openai',
});

/** The part of the options that is the same in every call. */
export type FixedOptions = Omit<CallOptions, 'prompt'>;

export function toFixedOptions(settings: ModelSettings, defaults: ProviderOptions): FixedOptions {
  const providerOptions = mergeOptions(defaults, settings.providerOptions ?? {});
  return withoutUndefined({
    maxOutputTokens: settings.maxTokens,
    temperature: settings.temperature,
    topP: settings.topP,
    stopSequences: settings.stop && [...settings.stop],
    seed: settings.seed,
    presencePenalty: settings.presencePenalty,
    frequencyPenalty: settings.frequencyPenalty,
    headers: settings.headers && { ...settings.headers },
    providerOptions: Object.keys(providerOptions).length > 0 ? providerOptions : undefined,
  });
}

export function toOptions(
  { messages, tools, toolChoice, output }: ModelRequest,
  fixed: FixedOptions,
  { model, structured }: { readonly model: LanguageModel; readonly structured: StructuredOutput | null },
): CallOptions {
  const options: CallOptions = { ...fixed, prompt: toPrompt(messages, model) };
  if (tools.length > 0) {
    options.tools = tools.map(({ name, description, inputSchema }) => ({
      type: 'function',
      name,
      description,
      inputSchema: inputSchema as Record<string, never>, // JSON Schema, which the specification types closer
    }));
    options.toolChoice = { type: toolChoice };
  }
  if (output && structured && (structured.besideTools || tools.length === 0)) {
    const { name, schema } = output;
    options.responseFormat = { type: 'json', name, schema: schema as Record<string, never> }; // as above
    if (structured.strictUnder) {
      const strictness = { [structured.strictUnder]: { strictJsonSchema: isStrict(schema) } };
      options.providerOptions = mergeOptions(strictness, fixed.providerOptions ?? {});
    }
  }
  return options;
}

/** The user's options win over `defaults`, field by field. */
function mergeOptions(defaults: ProviderOptions, given: ProviderOptions): SharedV4ProviderOptions {
  const merged: Record<string, object> = { ...defaults };
  for (const [name, options] of Object.entries(given)) merged[name] = { ...merged[name], ...options };
  return merged as SharedV4ProviderOptions; // the same JSON, which the specification types as mutable
}

function withoutUndefined(fields: { [K in keyof FixedOptions]: FixedOptions[K] | undefined }): FixedOptions {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as FixedOptions; // only undefined is gone
}

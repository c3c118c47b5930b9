/** A request and the settings of its model as call options of the AI SDK's specification. */
import type { ModelRequest, ModelSettings } from '../../ports/model.ts';
import { mergeOptions, type ProviderOptions } from './merge-options.ts';
import type { CallOptions, LanguageModel } from './specification.ts';
import { isStrict } from './strict-schema.ts';
import { toPrompt } from './to-prompt.ts';

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
  readonly strictUnder?: 'openai' | 'azure' | 'openaiCompatible';
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
  { messages, tools, toolChoice, output, stop }: ModelRequest,
  fixed: FixedOptions,
  { model, structured }: { readonly model: LanguageModel; readonly structured: StructuredOutput | null },
): CallOptions {
  const options: CallOptions = { ...fixed, prompt: toPrompt(messages, model) };
  if (stop !== undefined) options.stopSequences = [...stop];
  if (options.stopSequences?.length === 0) delete options.stopSequences; // some refuse an empty list
  if (tools.length > 0) {
    options.tools = tools.map(({ name, description, inputSchema }) => ({
      type: 'function',
      name,
      description,
      inputSchema: inputSchema as Record<string, never>, // JSON Schema, which the specification types closer
    }));
    options.toolChoice =
      typeof toolChoice === 'string' ? { type: toolChoice } : { type: 'tool', toolName: toolChoice.tool };
  }
  if (output?.isAnyObject) {
    options.responseFormat = { type: 'json' };
  } else if (output && structured && (structured.besideTools || tools.length === 0)) {
    const { name, schema } = output;
    options.responseFormat = { type: 'json', name, schema: schema as Record<string, never> }; // as above
    if (structured.strictUnder) {
      const strictness = { [structured.strictUnder]: { strictJsonSchema: isStrict(schema) } };
      options.providerOptions = mergeOptions(strictness, fixed.providerOptions ?? {});
    }
  }
  return options;
}

function withoutUndefined(fields: { [K in keyof FixedOptions]: FixedOptions[K] | undefined }): FixedOptions {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as FixedOptions; // only undefined is gone
}

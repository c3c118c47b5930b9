/**
 * The AI SDK's provider specification, versions 2 to 4, as one.
 *
 * The versions differ in four places, each handled in one file here: the data of files (`to-prompt`),
 * the finish reason (`finish-reason`), the usage (`usage`), and content that only newer ones have.
 */
import type {
  LanguageModelV2,
  LanguageModelV2Content,
  LanguageModelV2FinishReason,
  LanguageModelV2StreamPart,
  LanguageModelV2Usage,
  LanguageModelV3,
  LanguageModelV3Content,
  LanguageModelV3FinishReason,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';

export type LanguageModel = LanguageModelV2 | LanguageModelV3 | LanguageModelV4;
export type CallOptions = LanguageModelV4CallOptions;
export type SpecContent = LanguageModelV2Content | LanguageModelV3Content | LanguageModelV4Content;
export type SpecStreamPart =
  | LanguageModelV2StreamPart
  | LanguageModelV3StreamPart
  | LanguageModelV4StreamPart;
export type SpecFinishReason =
  | LanguageModelV2FinishReason
  | LanguageModelV3FinishReason
  | LanguageModelV4FinishReason;
export type SpecUsage = LanguageModelV2Usage | LanguageModelV3Usage | LanguageModelV4Usage;

/** What a whole answer is made of, as far as it is read here. */
export interface SpecResult {
  readonly content: readonly SpecContent[];
  readonly finishReason: SpecFinishReason;
  readonly usage: SpecUsage;
  readonly response?:
    | { readonly id?: string; readonly modelId?: string; readonly body?: unknown }
    | undefined;
}

/** A model of any version, called in one way. */
export interface Callable {
  doGenerate(options: CallOptions): PromiseLike<SpecResult>;
  doStream(options: CallOptions): PromiseLike<{ readonly stream: ReadableStream<SpecStreamPart> }>;
}

const VERSIONS: ReadonlySet<unknown> = new Set(['v2', 'v3', 'v4']);

/** Whether `value` is a language model of a version known here. */
export function isLanguageModel(value: object): value is LanguageModel {
  return (
    'specificationVersion' in value &&
    VERSIONS.has(value.specificationVersion) &&
    'doGenerate' in value &&
    typeof value.doGenerate === 'function'
  );
}

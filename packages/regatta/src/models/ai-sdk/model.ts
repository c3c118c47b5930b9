/**
 * Any model object of the AI SDK's specification as a `Model`.
 *
 * It asks for a stream only if somebody wants the pieces: an answer in one piece costs a third of the
 * work. One request per call, no retry here. Whoever limits the time of a call frees its caller: an object
 * that is deaf to its signal holds up the call here.
 */
import type { JsonObject } from '../../base/json.ts';
import type { Model, ModelSettings, Takes } from '../../ports/model.ts';
import { toModelError } from './errors.ts';
import { fromResult } from './from-result.ts';
import { fromStream } from './from-stream.ts';
import { createPartReader } from './part-reader.ts';
import type { Callable, LanguageModel } from './specification.ts';
import { OPENAI_STRUCTURED, type StructuredOutput, toFixedOptions, toOptions } from './to-options.ts';

export interface AdapterOptions {
  /** `provider/model`. Default: as the object names itself. */
  readonly id?: string;
  /** The key in use and the variable it comes from, for error messages: one to hide, one to name. */
  readonly key?: string | undefined;
  readonly keyVariable?: string | undefined;
  /** Null: never send a schema for the answer. Default: by the name of the object's provider. */
  readonly structured?: StructuredOutput | null;
  /** Whether it takes JSON mode without a schema. Default: by the name of the object's provider. */
  readonly takesJson?: Takes;
  /** Provider options under those of the settings. */
  readonly providerOptions?: Readonly<Record<string, JsonObject>>;
}

export function adaptLanguageModel(
  model: LanguageModel,
  settings: ModelSettings,
  {
    id,
    key,
    keyVariable,
    structured = structuredOf(model),
    takesJson = takesJsonOf(model),
    providerOptions = {},
  }: AdapterOptions = {},
): Model {
  const modelId = id ?? `${model.provider.split('.', 1)[0]}/${model.modelId}`;
  const fixed = toFixedOptions(settings, providerOptions);
  // What the versions take and give differs only where `to-prompt` and the readers of answers look.
  const callable = model as unknown as Callable;
  // Gemini's package reads the model's name from whole answers only; it is in every raw chunk.
  const includeRawChunks = model.provider.startsWith('google');
  // Bedrock's package gives back the name that it was asked for: the provider says none.
  const isEcho = model.provider.startsWith('amazon-bedrock');
  return Object.freeze<Model>({
    id: modelId,
    price: settings.price,
    takesSchema: takesSchemaOf(structured),
    takesJson,
    async call(request, context, tell) {
      const { signal, wantsDeltas, clock } = context;
      try {
        signal.throwIfAborted();
        const options = toOptions(request, fixed, { model, structured });
        options.abortSignal = signal;
        const answer = wantsDeltas
          ? await callable.doStream({ ...options, includeRawChunks })
          : await callable.doGenerate(options);
        const readPart = createPartReader(model.provider, request.messages);
        const reply =
          'stream' in answer
            ? await fromStream(answer.stream, readPart, { signal, tell })
            : fromResult(answer, readPart);
        signal.throwIfAborted(); // it came too late: nobody may take it for an answer
        return isEcho ? { ...reply, modelId: null } : reply;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw toModelError(error, { model: modelId, keyVariable, key, now: clock.now() });
      }
    },
  });
}

function takesSchemaOf(structured: StructuredOutput | null): Takes {
  if (structured === null) return 'never';
  return structured.besideTools ? 'always' : 'without-tools';
}

function structuredOf({ provider }: LanguageModel): StructuredOutput {
  return isOpenAI(provider) ? OPENAI_STRUCTURED : { besideTools: false };
}

/**
 * What the packages make of `responseFormat: { type: 'json' }` without a schema: OpenAI's and Azure's
 * `json_object`, Google's a media type, Cohere's and those of other hosts `json_object`; Anthropic's and
 * Bedrock's a warning, and nothing in the request (@ai-sdk/anthropic 4, @ai-sdk/amazon-bedrock 5).
 * Gemini and Cohere refuse it beside tools.
 */
function takesJsonOf({ provider }: LanguageModel): Takes {
  if (isOpenAI(provider)) return 'always';
  return /anthropic|bedrock/.test(provider) ? 'never' : 'without-tools';
}

function isOpenAI(provider: string): boolean {
  return /^(openai|azure|azure-openai)\./.test(provider);
}

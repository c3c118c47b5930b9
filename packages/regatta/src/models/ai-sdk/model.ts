/**
 * Any model object of the AI SDK's specification as a `Model`.
 *
 * It asks for a stream only if somebody wants the pieces: an answer in one piece costs a third of the
 * work. One request per call, no retry here.
 */
import { untilAborted } from '../../base/abort.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Model, ModelReply, ModelSettings, Takes } from '../../ports/model.ts';
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
  const told = (reply: ModelReply): ModelReply => (isEcho ? { ...reply, modelId: null } : reply);
  return Object.freeze<Model>({
    id: modelId,
    price: settings.price,
    takesSchema: takesSchemaOf(structured),
    takesJson,
    async call(request, context, tell) {
      const { signal, wantsDeltas, clock } = context;
      try {
        signal.throwIfAborted();
        const options = { ...toOptions(request, fixed, { model, structured }), abortSignal: signal };
        const readPart = createPartReader(model.provider, request.messages);
        if (!wantsDeltas) {
          const result = await untilAborted(callable.doGenerate(options), signal, context.orphan);
          return told(fromResult(result, readPart));
        }
        const answer = Promise.resolve(callable.doStream({ ...options, includeRawChunks }));
        const { stream } = await untilAborted(answer, signal, () =>
          context.orphan(closeLate(answer, signal.reason)),
        );
        return told(await fromStream(stream, readPart, { signal, tell }));
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw toModelError(error, { model: modelId, keyVariable, key, now: clock.now() });
      }
    },
  });
}

/** Closes a stream that opens when nobody waits for it any more. Never rejects: it is over when it fails, too. */
async function closeLate(answer: ReturnType<Callable['doStream']>, reason: unknown): Promise<void> {
  try {
    const { stream } = await answer;
    await stream.cancel(reason);
  } catch {} // see above
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

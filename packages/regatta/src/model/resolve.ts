/** Turns what users write as `llm` into a model that is ready to be called. */
import { RegattaError } from '../base/errors.ts';
import { type JsonObject, toJson } from '../base/json.ts';
import type { LlmDefinition, Model, ModelSettings } from '../ports/model.ts';
import type { Env, Providers } from '../ports/provider.ts';
import { metered } from './metered.ts';
import { retry } from './retry.ts';
import { timed } from './timed.ts';
import { describe } from './wrap.ts';

export interface ModelName {
  readonly provider: string;
  readonly modelId: string;
}

/** @throws RegattaError `llm/bad-model` unless `value` is `provider/model`. The model's part may hold slashes. */
export function parseModelName(value: string): ModelName {
  if (value === 'rehearsal') return { provider: 'rehearsal', modelId: 'default' };
  const slash = value.indexOf('/');
  const provider = value.slice(0, slash);
  const modelId = value.slice(slash + 1);
  if (slash > 0 && modelId !== '' && !/\s/.test(value)) return { provider, modelId };
  throw new RegattaError(
    'llm/bad-model',
    `The model must be written as "provider/model", got "${value}". Write for example "openai/gpt-5.4-mini", or "rehearsal" for a run without a key.`,
    { value },
  );
}

export interface ResolverOptions {
  readonly providers: Providers;
  readonly env: Env;
  /** Used where a definition is missing. */
  readonly defaultLlm: LlmDefinition | undefined;
  /** Every model is the rehearsal model, whatever the definitions say. */
  readonly rehearse: boolean;
}

export type ResolveModel = (llm: LlmDefinition | undefined, owner: string) => Model;

/** Models are opened once for each definition, and forgotten with it. */
export function createResolver({ providers, env, defaultLlm, rehearse }: ResolverOptions): ResolveModel {
  const models = new WeakMap<LlmDefinition, Model>();
  const open = (definition: LlmDefinition): Model => {
    const { model, settings } = definition;
    const name = rehearse ? 'rehearsal' : model;
    const opened = typeof name === 'string' ? openNamed(name, definition) : adopt(name, definition);
    const described = describe(opened, { parameters: parametersOf(settings), price: settings.price });
    return retry(metered(timed(described, settings.timeoutMs)), settings.retry);
  };
  const openNamed = (name: string, { settings }: LlmDefinition): Model => {
    const { provider, modelId } = parseModelName(name);
    if (!providers.names.includes(provider)) throw unknownProvider(provider, providers.names);
    return lazyModel(`${provider}/${modelId}`, providers.priceOf(provider, modelId), () =>
      providers.open(provider, modelId, settings, env),
    );
  };
  const adopt = (object: object, { settings }: LlmDefinition): Model => {
    if (isModel(object)) return object;
    const model = providers.adopt(object, settings);
    if (model) return model;
    throw new RegattaError(
      'llm/bad-model',
      'The llm is an object that is neither a Model nor a language model of the AI SDK specification V2, V3 or V4. Give "provider/model", an LLM, or such an object.',
      { value: Object.keys(object).join(', ') },
    );
  };
  return (llm, owner) => {
    const definition = llm ?? defaultLlm;
    if (definition === undefined) throw missingLlm(owner);
    let model = models.get(definition);
    if (model === undefined) {
      model = open(definition);
      models.set(definition, model);
    }
    return model;
  };
}

/** What events may show of the settings: not the key, not the headers, not where the model is. */
function parametersOf({
  temperature,
  topP,
  maxTokens,
  stop,
  seed,
  presencePenalty,
  frequencyPenalty,
}: ModelSettings): JsonObject {
  return toJson({
    temperature,
    topP,
    maxTokens,
    stop,
    seed,
    presencePenalty,
    frequencyPenalty,
  }) as JsonObject; // an object stays one
}

function isModel(object: object): object is Model {
  return 'call' in object && typeof object.call === 'function' && 'id' in object;
}

/** Loads the provider's package with the first call, so that a definition costs nothing. */
function lazyModel(id: string, price: Model['price'], open: () => Promise<Model>): Model {
  let opening: Promise<Model> | undefined;
  return {
    id,
    price,
    async *call(request, context) {
      opening ??= open();
      let model: Model;
      try {
        model = await opening;
      } catch (error) {
        opening = undefined; // what failed may be mended: a later call tries anew
        throw error;
      }
      return yield* model.call(request, context);
    },
  };
}

function unknownProvider(provider: string, known: readonly string[]): RegattaError {
  return new RegattaError(
    'llm/unknown-provider',
    `There is no provider "${provider}". Use one of ${known.join(', ')}, or "openai-compatible" with a baseURL.`,
    { provider, known },
  );
}

function missingLlm(owner: string): RegattaError {
  return new RegattaError(
    'llm/missing',
    `${owner} has no llm, and neither its crew nor the runtime names one. Set llm to "provider/model", or to "rehearsal" for a run without a key.`,
    { agent: owner },
  );
}

/** Turns what users write as `llm` into a model that is ready to be called. */
import { untilAborted } from '../base/abort.ts';
import { RegattaError } from '../base/errors.ts';
import { type JsonObject, toJson } from '../base/json.ts';
import type { Cassette } from '../ports/cassette.ts';
import type { LlmDefinition, Model, ModelSettings } from '../ports/model.ts';
import type { Env, Providers } from '../ports/provider.ts';
import type { Price } from '../protocol/usage.ts';
import { Circuits, circuit, circuitKeyOf } from './circuit.ts';
import { withFallback } from './fallback.ts';
import { createKeeper } from './keep-replies.ts';
import { createLlmDefinition } from './llm.ts';
import { metered } from './metered.ts';
import { parseModelName } from './name.ts';
import { retry } from './retry.ts';
import { isRouterDefinition, type RouterDefinition, routed } from './router.ts';
import { shaped } from './shaped.ts';
import { stopped } from './stopped.ts';
import { type TimeLimits, timed } from './timed.ts';
import { describe } from './wrap.ts';

export interface ResolverOptions {
  readonly providers: Providers;
  readonly env: Env;
  /** Used where a definition is missing. */
  readonly defaultLlm: LlmDefinition | undefined;
  /** Every model is the rehearsal model, whatever the definitions say. */
  readonly rehearse: boolean;
  /** Records every model, or plays it back. A rehearsal needs neither. */
  readonly cassette?: Cassette | undefined;
}

/** For who rehearses and names no model at all. */
const REHEARSAL = createLlmDefinition({ model: 'rehearsal' }, { fallback: [], scope: [] });

export type ResolveModel = (llm: LlmDefinition | undefined, owner: string) => Model;

/** Models are opened once for each definition, and forgotten with it. */
export function createResolver(options: ResolverOptions): ResolveModel {
  const { providers, env, defaultLlm, rehearse } = options;
  const cassette = rehearse ? undefined : options.cassette;
  const models = new WeakMap<LlmDefinition, Model>();
  const circuits = new Circuits();
  const keep = createKeeper({ providers, env });
  const open = (definition: LlmDefinition, { label, finish }: Opening): Model => {
    const { settings } = definition;
    const model = rehearse ? 'rehearsal' : definition.model;
    const parameters = parametersOf(settings);
    const ready = (opened: Model, price: Price | undefined): Model => {
      const described = describe(opened, { id: `${opened.id}${label}`, parameters, price });
      return finish(
        shaped(stopped(metered(timed(described, limitsOf(settings))), settings.stop)),
        definition,
      );
    };
    if (typeof model !== 'string') {
      if (isRouterDefinition(model)) return finish(route(model, definition), definition);
      const { contextWindow } = settings;
      const adopted = describe(adopt(model, definition), { parameters, price: undefined, contextWindow });
      return ready(cassette?.wrap(adopted) ?? adopted, settings.price);
    }
    const { provider, modelId } = parseModelName(model);
    if (!providers.names.includes(provider)) throw unknownProvider(provider, providers.names);
    const price = settings.price ?? providers.priceOf(provider, modelId);
    const id = `${provider}/${modelId}`;
    const facts = {
      price,
      parameters,
      contextWindow: settings.contextWindow ?? providers.contextWindowOf?.(provider, modelId) ?? undefined,
      loadCounter: async () => await providers.loadCounter?.(provider, modelId),
    };
    const openNamed = (): Promise<Model> => providers.open(provider, modelId, settings, env);
    // Opened outside of what meters and retries: a missing key is no attempt, and costs nothing.
    return lazyModel({ id: `${id}${label}`, ...facts }, async () =>
      ready(
        cassette === undefined
          ? await openNamed()
          : await cassette.open({ id, parameters, secrets: secretsOf(settings, env) }, openNamed),
        price,
      ),
    );
  };
  const route = (router: RouterDefinition, { settings }: LlmDefinition): Model =>
    routed(router, {
      retry: settings.retry,
      // The router tries again, and leaves out what fails: a deployment does neither by itself.
      models: router.deployments.map(({ llm, label }) =>
        keep(open(llm, { label, finish: (one) => one }), llm),
      ),
    });
  /** The whole way of a call: what fails is tried again, then left alone for a while. */
  const tried = (model: Model, definition: LlmDefinition): Model => {
    const { settings, fallback } = definition;
    const retried = retry(model, settings.retry, { hasFallback: fallback.length > 0 && !rehearse });
    if (settings.circuit === undefined || rehearse) return retried;
    return circuit(retried, { circuits, key: circuitKeyOf(definition), policy: settings.circuit });
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
  const resolve = (definition: LlmDefinition): Model => {
    let model = models.get(definition);
    if (model === undefined) {
      const others = rehearse ? [] : definition.fallback.map(resolve);
      const own = open(definition, { label: '', finish: tried });
      const first = rehearse ? own : keep(own, definition); // what was rehearsed is no answer to anybody
      model = withFallback(first, others, definition.settings.retry);
      models.set(definition, model);
    }
    return model;
  };
  return (llm, owner) => {
    const definition = llm ?? defaultLlm ?? (rehearse ? REHEARSAL : undefined);
    if (definition === undefined) throw missingLlm(owner);
    return resolve(definition);
  };
}

/** What a definition is opened as. */
interface Opening {
  /** Stands behind the name of a model that is one of several. */
  readonly label: string;
  readonly finish: (model: Model, definition: LlmDefinition) => Model;
}

/** Long enough not to be found in other words by chance. */
const SECRET_CHARS = 8;

/** Keys of the definition and of its surroundings: no recording may hold them. */
export function secretsOf({ apiKey }: Pick<ModelSettings, 'apiKey'>, env: Env): readonly string[] {
  const named = Object.entries(env).filter(([name]) => /KEY|TOKEN|SECRET|PASSWORD/i.test(name));
  const values = [apiKey?.reveal(), ...named.map(([, value]) => value)];
  return values.flatMap((value) => (value !== undefined && value.length >= SECRET_CHARS ? [value] : []));
}

function limitsOf({ timeoutMs, timeouts }: ModelSettings): TimeLimits {
  return { ...timeouts, totalMs: timeoutMs };
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
function lazyModel(identity: Omit<Model, 'call'>, open: () => Promise<Model>): Model {
  let opening: Promise<Model> | undefined;
  let opened: Model | undefined;
  const openOnce = async (): Promise<Model> => {
    opening ??= open();
    const current = opening;
    try {
      opened = await current;
      return opened;
    } catch (error) {
      if (opening === current) opening = undefined; // what failed may be mended: a later call tries anew
      throw error;
    }
  };
  const openAndCall: Model['call'] = async (request, context, tell) => {
    const model = await untilAborted(openOnce(), context.signal, context.orphan);
    return await model.call(request, context, tell);
  };
  return {
    ...identity,
    call: (request, context, tell) =>
      opened === undefined ? openAndCall(request, context, tell) : opened.call(request, context, tell),
  };
}

function unknownProvider(provider: string, known: readonly string[]): RegattaError {
  return new RegattaError(
    'llm/unknown-provider',
    `There is no provider "${provider}". Use one of ${known.join(', ')}; "openai-compatible" takes any server by its baseURL.`,
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

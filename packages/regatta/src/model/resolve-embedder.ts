/** Turns what users write as an embedder into one that is open. */
import { RegattaError } from '../base/errors.ts';
import { type JsonObject, toJson } from '../base/json.ts';
import type { Embedder, EmbedderDefinition, ReadyEmbedder, VectorCache } from '../ports/embedder.ts';
import type { EmbedderProviders } from '../ports/provider.ts';
import { createIdentifier } from './identify.ts';
import { parseModelName } from './name.ts';
import { vectorKey } from './reply-key.ts';
import { type ResolverOptions, secretsOf } from './resolve.ts';

export type ResolveEmbedder = (definition: EmbedderDefinition) => Promise<ReadyEmbedder>;

/** Embedders are opened once for each definition, and forgotten with it. A failure is not kept: it may be mended. */
export function createEmbedderResolver({
  providers,
  env,
  rehearse,
  cassette: given,
}: Omit<ResolverOptions, 'defaultLlm'>): ResolveEmbedder {
  const { embedders = NONE } = providers;
  const cassette = rehearse ? undefined : given; // a rehearsal needs none
  const identifier = createIdentifier({ providers, env });
  const flights: VectorCache['flights'] = new Map();
  const cacheOf = (definition: EmbedderDefinition): { readonly cache?: VectorCache } => {
    const { cache: policy } = definition.settings;
    if (policy === undefined || rehearse) return {}; // what was rehearsed is no answer to anybody
    const asked = identifier.identityOf(definition, policy);
    const keyOf: VectorCache['keyOf'] = (text, context) =>
      vectorKey(asked, text, identifier.sharersOf(policy, context));
    return { cache: { policy, flights, keyOf } };
  };
  const opened = new WeakMap<EmbedderDefinition, Promise<ReadyEmbedder>>();
  const open = async (definition: EmbedderDefinition): Promise<ReadyEmbedder> => {
    const { model, settings } = definition;
    const ready = (embedder: Embedder): ReadyEmbedder => ({ embedder, settings, ...cacheOf(definition) });
    if (typeof model !== 'string' && !rehearse) {
      const adopted = await adopt(model, { embedders, settings });
      return ready(cassette?.wrapEmbedder(adopted) ?? adopted);
    }
    const { provider, modelId } = parseModelName(rehearse || typeof model !== 'string' ? 'rehearsal' : model);
    if (!embedders.names.includes(provider)) throw noEmbeddings(provider, embedders.names);
    const price = settings.price ?? providers.priceOf(provider, modelId);
    const openNamed = (): Promise<Embedder> => embedders.open(provider, modelId, settings, env);
    const { dimensions, providerOptions } = settings;
    const named = {
      id: `${provider}/${modelId}`,
      parameters: toJson({ dimensions, providerOptions }) as JsonObject, // an object stays one
      secrets: secretsOf(settings, env),
    };
    const embedder =
      cassette === undefined ? await openNamed() : await cassette.openEmbedder(named, openNamed);
    return ready(price === undefined ? embedder : { ...embedder, price });
  };
  return (definition) => {
    const known = opened.get(definition);
    if (known !== undefined) return known;
    const opening = open(definition);
    opened.set(definition, opening);
    opening.catch(() => {
      if (opened.get(definition) === opening) opened.delete(definition);
    });
    return opening;
  };
}

const NONE: EmbedderProviders = {
  names: [],
  open: () => Promise.reject(new TypeError('There are no embedders.')),
  adopt: () => undefined,
};

interface Adoption {
  readonly embedders: EmbedderProviders;
  readonly settings: EmbedderDefinition['settings'];
}

async function adopt(object: object, { embedders, settings }: Adoption): Promise<Embedder> {
  if (isEmbedder(object)) return object;
  const embedder = embedders.adopt(object, settings);
  if (embedder) return await embedder;
  throw new RegattaError(
    'llm/bad-model',
    'The embedder is an object that is neither an Embedder nor an embedding model of the AI SDK specification V2, V3 or V4. Give "provider/model" or such an object.',
    { value: Object.keys(object).join(', ') },
  );
}

function isEmbedder(object: object): object is Embedder {
  return 'embed' in object && typeof object.embed === 'function' && 'id' in object;
}

function noEmbeddings(provider: string, known: readonly string[]): RegattaError {
  return new RegattaError(
    'llm/no-embeddings',
    `Provider "${provider}" offers no embeddings that are known here. Use one of ${known.join(', ')}; "openai-compatible" takes any server by its baseURL.`,
    { provider, known },
  );
}

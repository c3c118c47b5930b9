/** Turns what users write as an embedder into one that is open. */
import { RegattaError } from '../base/errors.ts';
import type { Embedder, EmbedderDefinition, ReadyEmbedder } from '../ports/embedder.ts';
import type { EmbedderProviders } from '../ports/provider.ts';
import { parseModelName } from './name.ts';
import type { ResolverOptions } from './resolve.ts';

export type ResolveEmbedder = (definition: EmbedderDefinition) => Promise<ReadyEmbedder>;

/** Embedders are opened once for each definition, and forgotten with it. A failure is not kept: it may be mended. */
export function createEmbedderResolver({
  providers,
  env,
  rehearse,
}: Omit<ResolverOptions, 'defaultLlm'>): ResolveEmbedder {
  const { embedders = NONE } = providers;
  const opened = new WeakMap<EmbedderDefinition, Promise<ReadyEmbedder>>();
  const open = async ({ model, settings }: EmbedderDefinition): Promise<ReadyEmbedder> => {
    if (typeof model !== 'string' && !rehearse) {
      return { embedder: await adopt(model, { embedders, settings }), settings };
    }
    const { provider, modelId } = parseModelName(rehearse || typeof model !== 'string' ? 'rehearsal' : model);
    if (!embedders.names.includes(provider)) throw noEmbeddings(provider, embedders.names);
    const price = settings.price ?? providers.priceOf(provider, modelId);
    const embedder = await embedders.open(provider, modelId, settings, env);
    return { embedder: price === undefined ? embedder : { ...embedder, price }, settings };
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

/** Any embedding model object of the AI SDK's specification, versions 2 to 4, as an `Embedder`. */
import type { EmbeddingModelV4, SharedV4ProviderOptions } from '@ai-sdk/provider';
import type { Embedder, EmbedderSettings } from '../../ports/embedder.ts';
import { NO_USAGE } from '../../protocol/usage.ts';
import type { Named } from '../vendors/keys.ts';
import { embedBy } from './embed-by.ts';
import type { EmbeddingModel } from './specification.ts';

export interface AdoptOptions extends Partial<Named> {
  /** Provider options under those of the settings. */
  readonly providerOptions?: EmbedderSettings['providerOptions'];
}

export async function adaptEmbeddingModel(
  model: EmbeddingModel,
  settings: EmbedderSettings,
  { id, providerOptions: defaults, ...key }: AdoptOptions = {},
): Promise<Embedder> {
  // Versions 2 and 3 have no `dimensions` and leave it unread; else what they take and give is the same.
  const callable = model as EmbeddingModelV4;
  const { dimensions, headers } = settings;
  const providerOptions = mergeOptions(defaults, settings.providerOptions);
  return embedBy({
    ...key,
    id: id ?? `${model.provider.split('.', 1)[0]}/${model.modelId}`,
    maxTexts: settings.maxTexts ?? (await model.maxEmbeddingsPerCall),
    price: settings.price,
    async ask(texts, abortSignal) {
      const { embeddings, usage } = await callable.doEmbed({
        values: [...texts],
        abortSignal,
        ...(dimensions === undefined ? {} : { dimensions }),
        ...(headers === undefined ? {} : { headers: { ...headers } }),
        ...(providerOptions === undefined ? {} : { providerOptions }),
      });
      // Some packages write NaN or 0 where the provider did not say.
      const tokens = usage?.tokens || null;
      return {
        vectors: embeddings,
        usage: { ...NO_USAGE, inputTokens: tokens, outputTokens: 0 },
        modelId: null,
      };
    },
  });
}

function mergeOptions(
  defaults: EmbedderSettings['providerOptions'] = {},
  given: EmbedderSettings['providerOptions'] = {},
): SharedV4ProviderOptions | undefined {
  const names = new Set([...Object.keys(defaults), ...Object.keys(given)]);
  if (names.size === 0) return undefined;
  const merged = Array.from(names, (name) => [name, { ...defaults[name], ...given[name] }]);
  return Object.fromEntries(merged) as SharedV4ProviderOptions; // the same JSON, which the specification types as mutable
}

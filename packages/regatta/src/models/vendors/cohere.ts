/** Cohere by its own interface, version 2. */
import { adaptLanguageModel } from '../ai-sdk/model.ts';
import { adaptEmbeddingModel } from '../embeddings/adopt.ts';
import { orMissing } from '../optional-packages.ts';
import { named, requireKey } from './keys.ts';
import { infoOf } from './table.ts';
import type { Access, Vendor } from './vendor.ts';

const { keyVariables } = infoOf('cohere');

export const cohere: Vendor = {
  async open(opening) {
    const { client, key } = await connect(opening);
    return adaptLanguageModel(client(opening.modelId), opening.settings, named(opening, key));
  },

  async embed(opening) {
    const { modelId, settings } = opening;
    const { client, key } = await connect(opening);
    const { dimensions } = settings;
    return adaptEmbeddingModel(client.embedding(modelId), settings, {
      ...named(opening, key),
      ...(dimensions === undefined ? {} : { providerOptions: { cohere: { outputDimension: dimensions } } }),
    });
  },
};

async function connect(access: Access) {
  const { provider, settings, env, fetch } = access;
  const key = requireKey(access, keyVariables);
  const loading = import('@ai-sdk/cohere');
  const { createCohere } = await orMissing(loading, { provider, name: '@ai-sdk/cohere' });
  const baseURL = settings.baseURL ?? (env.COHERE_BASE_URL || 'https://api.cohere.com/v2');
  return { client: createCohere({ apiKey: key.value, baseURL, fetch }), key };
}

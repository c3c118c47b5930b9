/** Gemini by Google's developer interface, with an API key. */
import { adaptLanguageModel } from '../ai-sdk/model.ts';
import { googleEmbedder } from '../embeddings/google.ts';
import { named, requireKey } from './keys.ts';
import { infoOf } from './table.ts';
import type { Vendor } from './vendor.ts';

const { keyVariables } = infoOf('google');
const BASE_URL = 'https://generativelanguage.googleapis.com/v1beta';

export const google: Vendor = {
  async open(opening) {
    const { modelId, settings, fetch } = opening;
    const key = requireKey(opening, keyVariables);
    const { createGoogle } = await import('@ai-sdk/google');
    const provider = createGoogle({ apiKey: key.value, baseURL: settings.baseURL ?? BASE_URL, fetch });
    return adaptLanguageModel(provider(modelId), settings, named(opening, key));
  },

  async embed(opening) {
    const key = requireKey(opening, keyVariables);
    return googleEmbedder(opening, {
      ...named(opening, key),
      baseURL: opening.settings.baseURL ?? BASE_URL,
      headers: { 'x-goog-api-key': key.value },
    });
  },
};

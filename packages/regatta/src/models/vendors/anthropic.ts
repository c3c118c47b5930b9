/** Anthropic. It offers no embeddings. */
import { adaptLanguageModel } from '../ai-sdk/model.ts';
import { named, requireKey } from './keys.ts';
import { infoOf } from './table.ts';
import type { Vendor } from './vendor.ts';

const { keyVariables } = infoOf('anthropic');

export const anthropic: Vendor = {
  async open(opening) {
    const { modelId, settings, env, fetch } = opening;
    const key = requireKey(opening, keyVariables);
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    const provider = createAnthropic({
      apiKey: key.value,
      baseURL: versioned(settings.baseURL ?? (env.ANTHROPIC_BASE_URL || 'https://api.anthropic.com')),
      fetch,
    });
    return adaptLanguageModel(provider(modelId), settings, named(opening, key));
  },
};

/** Anthropic's own clients take base URLs without the version, the package takes them with it. */
function versioned(baseURL: string): string {
  return /\/v\d+\/?$/.test(baseURL) ? baseURL : `${baseURL.replace(/\/$/, '')}/v1`;
}

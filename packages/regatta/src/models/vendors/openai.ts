/** OpenAI: the responses interface, and chat where another server stands in for it. */
import { adaptLanguageModel } from '../ai-sdk/model.ts';
import { OPENAI_STRUCTURED } from '../ai-sdk/to-options.ts';
import { openAIEmbedder } from '../embeddings/openai.ts';
import { named, requireKey } from './keys.ts';
import { infoOf } from './table.ts';
import type { Access, Vendor } from './vendor.ts';

const { keyVariables } = infoOf('openai');
const BASE_URL = 'https://api.openai.com/v1';

export const openai: Vendor = {
  async open(opening) {
    const { modelId, settings, fetch } = opening;
    const key = requireKey(opening, keyVariables);
    const custom = customURL(opening);
    const { createOpenAI } = await import('@ai-sdk/openai');
    const provider = createOpenAI({ apiKey: key.value, baseURL: custom ?? BASE_URL, fetch });
    // Servers that copy OpenAI copy its chat interface.
    const isOpenAI = custom?.startsWith('https://api.openai.com/') ?? true;
    const api = settings.api ?? (isOpenAI ? 'responses' : 'chat');
    return adaptLanguageModel(provider[api](modelId), settings, {
      ...named(opening, key),
      structured: OPENAI_STRUCTURED,
      // What we send is the whole conversation; with `store` the package sends references to OpenAI's copy.
      providerOptions: api === 'responses' ? { openai: { store: false } } : {},
    });
  },

  async embed(opening) {
    const key = requireKey(opening, keyVariables);
    return openAIEmbedder(opening, {
      ...named(opening, key),
      url: `${(customURL(opening) ?? BASE_URL).replace(/\/$/, '')}/embeddings`,
      headers: { authorization: `Bearer ${key.value}` },
      encoding: 'base64',
      optionsOf: ['openai'],
    });
  },
};

function customURL({ settings, env }: Access): string | undefined {
  return settings.baseURL ?? (env.OPENAI_BASE_URL || undefined);
}

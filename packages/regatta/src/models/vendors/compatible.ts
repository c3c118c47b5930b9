/** Servers that speak OpenAI's chat interface, and most of them its interface for embeddings. */
import { adaptLanguageModel } from '../ai-sdk/model.ts';
import { COMPATIBLE_HOSTS, type CompatibleHost } from '../compatible-hosts.ts';
import { openAIEmbedder } from '../embeddings/openai.ts';
import { findKey, type Key, missingBaseURL, named, requireKey } from './keys.ts';
import type { Access, Vendor } from './vendor.ts';

export const compatible: Vendor = {
  async open(opening) {
    const { provider, modelId, settings, fetch } = opening;
    const host = hostOf(opening);
    const key = keyOf(opening, host);
    const baseURL = urlOf(opening, host);
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    const { chatModel } = createOpenAICompatible({
      name: provider,
      baseURL,
      fetch,
      includeUsage: true,
      supportsStructuredOutputs: host.takesSchema,
      ...(key.value === undefined ? {} : { apiKey: key.value }),
    });
    return adaptLanguageModel(chatModel(modelId), settings, {
      ...named(opening, key),
      structured: host.takesSchema ? { besideTools: false, strictUnder: 'openaiCompatible' } : null,
      takesJson: host.takesJson ? 'without-tools' : 'never',
    });
  },

  async embed(opening) {
    const host = hostOf(opening);
    const key = keyOf(opening, host);
    const { embeddings } = host;
    return openAIEmbedder(opening, {
      ...named(opening, key),
      ...embeddings,
      url: `${urlOf(opening, host).replace(/\/$/, '')}/embeddings`,
      headers: key.value === undefined ? {} : { authorization: `Bearer ${key.value}` },
      encoding: 'float',
      optionsOf: ['openaiCompatible', opening.provider],
    });
  },
};

function hostOf({ provider }: Access): CompatibleHost {
  const host = COMPATIBLE_HOSTS[provider];
  if (host === undefined) throw new TypeError(`"${provider}" is no such host.`);
  return host;
}

function keyOf(access: Access, { needsKey, keyVariable }: CompatibleHost): Key<string | undefined> {
  return needsKey ? requireKey(access, [keyVariable]) : findKey(access, [keyVariable]);
}

function urlOf(access: Access, host: CompatibleHost): string {
  const { settings, env } = access;
  const baseURL = settings.baseURL ?? (env[host.baseURLVariable] || host.baseURL);
  if (baseURL === undefined) throw missingBaseURL(access, host.baseURLVariable);
  return baseURL;
}

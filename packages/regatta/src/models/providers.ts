/**
 * The vendors that come with the package. Each one's code, ours and its package, is loaded when its first
 * model is opened.
 */
import type { EmbedderProviders, Providers } from '../ports/provider.ts';
import type { Price } from '../protocol/usage.ts';
import { adaptLanguageModel } from './ai-sdk/model.ts';
import { isLanguageModel } from './ai-sdk/specification.ts';
import { COMPATIBLE_HOSTS } from './compatible-hosts.ts';
import { isEmbeddingModel } from './embeddings/specification.ts';
import { createFetches } from './fetch.ts';
import { findContextWindow, findPrice } from './prices/find.ts';
import { REHEARSAL_PRICE } from './rehearsal.ts';
import { listProviders } from './vendors/table.ts';
import type { Vendor } from './vendors/vendor.ts';

export interface ProviderOptions {
  /** Sockets per origin; a call in flight holds one. Default: 256 */
  readonly connections?: number | undefined;
  /** Prices by `provider/model`, in place of those that are known here. */
  readonly prices?: Readonly<Record<string, Price>> | undefined;
}

const loadCompatible = async (): Promise<Vendor> => (await import('./vendors/compatible.ts')).compatible;
const loadGoogle = async (): Promise<Vendor> => (await import('./vendors/google.ts')).google;

const VENDORS: Readonly<Record<string, () => Promise<Vendor>>> = {
  ...Object.fromEntries(Object.keys(COMPATIBLE_HOSTS).map((name) => [name, loadCompatible])),
  openai: async () => (await import('./vendors/openai.ts')).openai,
  anthropic: async () => (await import('./vendors/anthropic.ts')).anthropic,
  google: loadGoogle,
  gemini: loadGoogle,
  azure: async () => (await import('./vendors/azure.ts')).azure,
  bedrock: async () => (await import('./vendors/bedrock.ts')).bedrock,
  vertex: async () => (await import('./vendors/vertex.ts')).vertex,
  cohere: async () => (await import('./vendors/cohere.ts')).cohere,
  rehearsal: async () => (await import('./vendors/rehearsal.ts')).rehearsal,
};

export function builtinProviders({ connections = 256, prices = {} }: ProviderOptions = {}): Providers {
  const { get: fetchFor, close } = createFetches({ connections });
  const infos = listProviders();
  const embedders: EmbedderProviders = Object.freeze({
    names: Object.freeze(infos.filter(({ embeds }) => embeds).map(({ name }) => name)),
    async open(provider, modelId, settings, env) {
      const vendor = await load(provider);
      if (!vendor.embed) throw unknown(provider);
      const fetch = settings.fetch ?? fetchFor(undefined);
      return vendor.embed({ provider, modelId, settings, env, fetch });
    },
    adopt: (object, settings) =>
      isEmbeddingModel(object)
        ? import('./embeddings/adopt.ts').then(({ adaptEmbeddingModel }) =>
            adaptEmbeddingModel(object, settings),
          )
        : undefined,
  } satisfies EmbedderProviders);
  return Object.freeze<Providers>({
    names: Object.freeze(infos.map(({ name }) => name)),
    async open(provider, modelId, settings, env) {
      const vendor = await load(provider);
      const fetch = settings.fetch ?? fetchFor(settings.timeouts?.connectMs);
      return vendor.open({ provider, modelId, settings, env, fetch });
    },
    priceOf(provider, modelId) {
      if (provider === 'rehearsal') return REHEARSAL_PRICE;
      return prices[`${provider}/${modelId}`] ?? findPrice(provider, modelId);
    },
    contextWindowOf: findContextWindow,
    loadCounter: async (provider, modelId) =>
      await (await import('./tokens/count.ts')).loadCounter(provider, modelId),
    placeVariables(provider) {
      const { baseURLVariable = null, otherVariables = [] } =
        infos.find(({ name }) => name === provider) ?? {};
      return baseURLVariable === null ? otherVariables : [baseURLVariable, ...otherVariables];
    },
    adopt: (object, settings) => (isLanguageModel(object) ? adaptLanguageModel(object, settings) : undefined),
    embedders,
    close,
  });
}

function load(provider: string): Promise<Vendor> {
  const loadVendor = VENDORS[provider];
  if (!loadVendor) throw unknown(provider);
  return loadVendor();
}

function unknown(provider: string): TypeError {
  return new TypeError(`"${provider}" is none of this value's names.`);
}

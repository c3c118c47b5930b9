/**
 * The vendors that come with the package. Each one's code is loaded when its first model is opened.
 *
 * Keys and base URLs come from the settings or from the given environment. They are always passed on,
 * because the vendors' packages would otherwise look into `process.env`.
 */
import { RegattaError } from '../base/errors.ts';
import type { Model, ModelSettings } from '../ports/model.ts';
import type { Env, Providers } from '../ports/provider.ts';
import { type AdapterOptions, adaptLanguageModel } from './ai-sdk/model.ts';
import { isLanguageModel } from './ai-sdk/specification.ts';
import { OPENAI_STRUCTURED } from './ai-sdk/to-options.ts';
import { COMPATIBLE_HOSTS, type CompatibleHost } from './compatible-hosts.ts';
import { createFetch } from './fetch.ts';
import { createRehearsalModel, REHEARSAL_PRICE } from './rehearsal.ts';

export interface ProviderOptions {
  /** Sockets per origin; a call in flight holds one. Default: 256 */
  readonly connections?: number;
}

/** What every vendor needs to open a model. */
interface Opening {
  readonly provider: string;
  readonly modelId: string;
  readonly settings: ModelSettings;
  readonly env: Env;
  readonly fetch: typeof globalThis.fetch;
}

type OpenModel = (opening: Opening) => Promise<Model>;

const VENDORS: Readonly<Record<string, OpenModel>> = {
  openai: openOpenAI,
  anthropic: openAnthropic,
  google: openGoogle,
  gemini: openGoogle,
  rehearsal: async ({ modelId }) => createRehearsalModel(modelId),
  ...Object.fromEntries(Object.entries(COMPATIBLE_HOSTS).map(([name, host]) => [name, openCompatible(host)])),
};

export function builtinProviders({ connections = 256 }: ProviderOptions = {}): Providers {
  const { fetch, close } = createFetch({ connections });
  return Object.freeze<Providers>({
    names: Object.freeze(Object.keys(VENDORS).sort()),
    async open(provider, modelId, settings, env) {
      const open = VENDORS[provider];
      if (!open) throw new TypeError(`"${provider}" is none of this value's names.`);
      return open({ provider, modelId, settings, env, fetch: settings.fetch ?? fetch });
    },
    priceOf: (provider) => (provider === 'rehearsal' ? REHEARSAL_PRICE : undefined),
    adopt: (object, settings) => (isLanguageModel(object) ? adaptLanguageModel(object, settings) : undefined),
    close,
  });
}

async function openOpenAI(opening: Opening): Promise<Model> {
  const { modelId, settings, env, fetch } = opening;
  const key = requireKey(opening, 'OPENAI_API_KEY');
  const custom = settings.baseURL ?? (env.OPENAI_BASE_URL || undefined);
  const { createOpenAI } = await import('@ai-sdk/openai');
  const openai = createOpenAI({
    apiKey: key.value,
    baseURL: custom ?? 'https://api.openai.com/v1',
    fetch,
  });
  // Servers that copy OpenAI copy its chat interface.
  const isOpenAI = custom?.startsWith('https://api.openai.com/') ?? true;
  const api = settings.api ?? (isOpenAI ? 'responses' : 'chat');
  return adaptLanguageModel(openai[api](modelId), settings, {
    ...named(opening, key),
    structured: OPENAI_STRUCTURED,
    // What we send is the whole conversation; with `store` the package sends references to OpenAI's copy.
    providerOptions: api === 'responses' ? { openai: { store: false } } : {},
  });
}

async function openAnthropic(opening: Opening): Promise<Model> {
  const { modelId, settings, env, fetch } = opening;
  const key = requireKey(opening, 'ANTHROPIC_API_KEY');
  const { createAnthropic } = await import('@ai-sdk/anthropic');
  const anthropic = createAnthropic({
    apiKey: key.value,
    baseURL: versioned(settings.baseURL ?? (env.ANTHROPIC_BASE_URL || 'https://api.anthropic.com')),
    fetch,
  });
  return adaptLanguageModel(anthropic(modelId), settings, named(opening, key));
}

/** Anthropic's own clients take base URLs without the version, the package takes them with it. */
function versioned(baseURL: string): string {
  return /\/v\d+\/?$/.test(baseURL) ? baseURL : `${baseURL.replace(/\/$/, '')}/v1`;
}

async function openGoogle(opening: Opening): Promise<Model> {
  const { modelId, settings, fetch } = opening;
  const key = requireKey(opening, 'GOOGLE_GENERATIVE_AI_API_KEY', 'GEMINI_API_KEY', 'GOOGLE_API_KEY');
  const { createGoogle } = await import('@ai-sdk/google');
  const google = createGoogle({
    apiKey: key.value,
    baseURL: settings.baseURL ?? 'https://generativelanguage.googleapis.com/v1beta',
    fetch,
  });
  return adaptLanguageModel(google(modelId), settings, named(opening, key));
}

function openCompatible(host: CompatibleHost): OpenModel {
  return async (opening) => {
    const { provider, modelId, settings, env, fetch } = opening;
    const key = host.needsKey ? requireKey(opening, host.keyVariable) : findKey(opening, [host.keyVariable]);
    const baseURL = settings.baseURL ?? (env[host.baseURLVariable] || host.baseURL);
    if (baseURL === undefined) throw missingBaseURL(provider, host.baseURLVariable);
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    const compatible = createOpenAICompatible({
      name: provider,
      baseURL,
      fetch,
      includeUsage: true,
      supportsStructuredOutputs: host.takesSchema,
      ...(key.value === undefined ? {} : { apiKey: key.value }),
    });
    return adaptLanguageModel(compatible.chatModel(modelId), settings, {
      ...named(opening, key),
      structured: host.takesSchema ? { besideTools: false, strictUnder: 'openaiCompatible' } : null,
    });
  };
}

/** A key, and the variable that it comes from or should come from. */
interface Key<Value = string> {
  readonly value: Value;
  readonly variable: string;
}

function findKey(
  { settings, env }: Opening,
  variables: readonly [string, ...string[]],
): Key<string | undefined> {
  if (settings.apiKey) return { value: settings.apiKey.reveal(), variable: variables[0] };
  // An empty variable is one that somebody has unset.
  const variable = variables.find((name) => env[name]) ?? variables[0];
  return { value: env[variable] || undefined, variable };
}

function requireKey(opening: Opening, ...variables: readonly [string, ...string[]]): Key {
  const { value, variable } = findKey(opening, variables);
  if (value !== undefined) return { value, variable };
  const { provider } = opening;
  throw new RegattaError(
    'llm/missing-key',
    `There is no API key for ${provider}: ${variables.join(' or ')} is not set. Set it, pass apiKey to the LLM, or try the crew without a key by --rehearse.`,
    { provider, variable },
  );
}

function missingBaseURL(provider: string, variable: string): RegattaError {
  return new RegattaError(
    'llm/missing-base-url',
    `"${provider}" needs to know its server: ${variable} is not set. Set it, or pass baseURL to the LLM.`,
    { provider, variable },
  );
}

function named({ provider, modelId }: Opening, key: Key<string | undefined>): AdapterOptions {
  return { id: `${provider}/${modelId}`, key: key.value, keyVariable: key.variable };
}

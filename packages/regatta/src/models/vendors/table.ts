/** Every provider that may stand before the slash, as data. `docs/models.md` shows the same. */
import { COMPATIBLE_HOSTS, type CompatibleHost } from '../compatible-hosts.ts';
import { installCommand, isOptional } from '../optional-packages.ts';

export interface ProviderInfo {
  /** What stands before the slash. */
  readonly name: string;
  /** The package that speaks its interface; null for the rehearsal, which has none. */
  readonly package: string | null;
  /** What installs that package; null where it comes with this one. */
  readonly install: string | null;
  /** Environment variables of its key: the first that has a value counts. */
  readonly keyVariables: readonly string[];
  readonly needsKey: boolean;
  /** Environment variable of its base URL. */
  readonly baseURLVariable: string | null;
  /** Where it is asked by default; null where that is made of other variables, or must be said. */
  readonly baseURL: string | null;
  /** Other variables that are read. */
  readonly otherVariables: readonly string[];
  /** Whether `new Embedder` takes it. */
  readonly embeds: boolean;
  readonly notes: string;
}

type Given = Pick<ProviderInfo, 'package' | 'keyVariables'> & Partial<ProviderInfo>;

const GOOGLE: Given = {
  package: '@ai-sdk/google',
  keyVariables: ['GOOGLE_GENERATIVE_AI_API_KEY', 'GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  baseURL: 'https://generativelanguage.googleapis.com/v1beta',
  embeds: true,
};

const OWN: Readonly<Record<string, Given>> = {
  openai: {
    package: '@ai-sdk/openai',
    keyVariables: ['OPENAI_API_KEY'],
    baseURLVariable: 'OPENAI_BASE_URL',
    baseURL: 'https://api.openai.com/v1',
    embeds: true,
    notes: "the responses interface; chat with another base URL, or with api: 'chat'",
  },
  anthropic: {
    package: '@ai-sdk/anthropic',
    keyVariables: ['ANTHROPIC_API_KEY'],
    baseURLVariable: 'ANTHROPIC_BASE_URL',
    baseURL: 'https://api.anthropic.com',
  },
  google: { ...GOOGLE, notes: 'also gemini' },
  gemini: { ...GOOGLE, notes: 'also google' },
  azure: {
    package: '@ai-sdk/azure',
    keyVariables: ['AZURE_API_KEY', 'AZURE_OPENAI_API_KEY'],
    baseURLVariable: 'AZURE_OPENAI_ENDPOINT',
    otherVariables: [
      'AZURE_OPENAI_BASE_URL',
      'AZURE_RESOURCE_NAME',
      'AZURE_API_VERSION',
      'AZURE_OPENAI_API_VERSION',
      'OPENAI_API_VERSION',
    ],
    embeds: true,
    notes:
      'azure/<deployment>; the v1 interface, or with a dated version URLs by deployment and chat; no price is known of a deployment',
  },
  bedrock: {
    package: '@ai-sdk/amazon-bedrock',
    keyVariables: ['AWS_BEARER_TOKEN_BEDROCK'],
    baseURLVariable: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
    otherVariables: [
      'AWS_ENDPOINT_URL',
      'AWS_REGION',
      'AWS_DEFAULT_REGION',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
    ],
    embeds: true,
    notes: 'Converse; without a bearer token it signs with the access key; AWS_REGION is required',
  },
  vertex: {
    package: '@ai-sdk/google-vertex',
    keyVariables: ['GOOGLE_VERTEX_API_KEY'],
    otherVariables: [
      'GOOGLE_CLIENT_EMAIL',
      'GOOGLE_PRIVATE_KEY',
      'GOOGLE_VERTEX_PROJECT',
      'GOOGLE_CLOUD_PROJECT',
      'GOOGLE_VERTEX_LOCATION',
      'GOOGLE_CLOUD_LOCATION',
    ],
    embeds: true,
    notes:
      'Gemini on Vertex AI; without an API key it takes a service account, and then a project and a location',
  },
  cohere: {
    package: '@ai-sdk/cohere',
    keyVariables: ['COHERE_API_KEY'],
    baseURLVariable: 'COHERE_BASE_URL',
    baseURL: 'https://api.cohere.com/v2',
    embeds: true,
  },
  rehearsal: {
    package: null,
    keyVariables: [],
    needsKey: false,
    embeds: true,
    notes: "no network; also llm: 'rehearsal'",
  },
};

const PROVIDERS: ReadonlyMap<string, ProviderInfo> = new Map(
  [
    ...Object.entries(OWN).map(([name, given]) => complete(name, given)),
    ...Object.entries(COMPATIBLE_HOSTS).map(([name, host]) => complete(name, fromHost(host))),
  ]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((info) => [info.name, info]),
);

/** By name, sorted. */
export function listProviders(): readonly ProviderInfo[] {
  return [...PROVIDERS.values()];
}

/** @throws TypeError for a name that is not in the table. */
export function infoOf(name: string): ProviderInfo {
  const info = PROVIDERS.get(name);
  if (info === undefined) throw new TypeError(`"${name}" is no provider.`);
  return info;
}

function fromHost(host: CompatibleHost): Given {
  const { baseURLVariable, keyVariable, needsKey, takesSchema, takesJson, embeddings } = host;
  const takes = [...(takesSchema ? ['schemas'] : []), ...(takesJson ? ['JSON mode'] : [])];
  return {
    package: '@ai-sdk/openai-compatible',
    keyVariables: [keyVariable],
    needsKey,
    baseURLVariable,
    baseURL: host.baseURL ?? null,
    embeds: embeddings !== null,
    notes: takes.length > 0 ? `takes ${takes.join(', ')}` : '',
  };
}

function complete(name: string, given: Given): ProviderInfo {
  return Object.freeze({
    install: isOptional(given.package) ? installCommand(given.package) : null,
    needsKey: true,
    baseURLVariable: null,
    baseURL: null,
    embeds: false,
    notes: '',
    ...given,
    name,
    keyVariables: Object.freeze([...given.keyVariables]),
    otherVariables: Object.freeze([...(given.otherVariables ?? [])]),
  });
}

/**
 * Azure OpenAI: the part after the slash is the name of a deployment.
 *
 * Without a version it is Azure's v1 interface; with a dated one (`AZURE_API_VERSION`), the older one of
 * URLs by deployment, which has chat only.
 */
import { adaptLanguageModel } from '../ai-sdk/model.ts';
import { openAIEmbedder } from '../embeddings/openai.ts';
import { orMissing } from '../optional-packages.ts';
import { firstOf, missingBaseURL, named, requireKey } from './keys.ts';
import { infoOf } from './table.ts';
import type { Access, Vendor } from './vendor.ts';

const { keyVariables } = infoOf('azure');

export const azure: Vendor = {
  async open(opening) {
    const { provider, modelId, settings, fetch } = opening;
    const key = requireKey(opening, keyVariables);
    const { baseURL, apiVersion } = placeOf(opening);
    const isByDeployment = apiVersion !== undefined;
    const loading = import('@ai-sdk/azure');
    const { createAzure } = await orMissing(loading, { provider, name: '@ai-sdk/azure' });
    const client = createAzure({
      apiKey: key.value,
      baseURL,
      apiVersion: apiVersion ?? 'v1',
      useDeploymentBasedUrls: isByDeployment,
      fetch,
    });
    const api = settings.api ?? (isByDeployment ? 'chat' : 'responses');
    return adaptLanguageModel(client[api](modelId), settings, {
      ...named(opening, key),
      structured: { besideTools: true, strictUnder: api === 'responses' ? 'azure' : 'openai' },
      // As at OpenAI: we send the whole conversation.
      providerOptions: api === 'responses' ? { azure: { store: false } } : {},
    });
  },

  async embed(opening) {
    const key = requireKey(opening, keyVariables);
    const { baseURL, apiVersion } = placeOf(opening);
    const base = baseURL.replace(/\/$/, '');
    const path = apiVersion
      ? `/deployments/${encodeURIComponent(opening.modelId)}/embeddings?api-version=${apiVersion}`
      : `${isVersioned(base) || !isAzure(base) ? '' : '/v1'}/embeddings`;
    return openAIEmbedder(opening, {
      ...named(opening, key),
      url: base + path,
      headers: { 'api-key': key.value },
      encoding: 'base64',
      optionsOf: ['openai', 'azure'],
    });
  },
};

interface Place {
  /** With its `/openai`. */
  readonly baseURL: string;
  /** Undefined = v1, which has no dates. */
  readonly apiVersion: string | undefined;
}

function placeOf(access: Access): Place {
  const version = firstOf(access, 'AZURE_API_VERSION', 'AZURE_OPENAI_API_VERSION', 'OPENAI_API_VERSION');
  const apiVersion = version !== undefined && /^\d{4}-/.test(version) ? version : undefined;
  const given = access.settings.baseURL ?? firstOf(access, 'AZURE_OPENAI_ENDPOINT', 'AZURE_OPENAI_BASE_URL');
  const resource = firstOf(access, 'AZURE_RESOURCE_NAME');
  if (given !== undefined) return { baseURL: withOpenAI(given), apiVersion };
  if (resource === undefined) throw missingBaseURL(access, 'AZURE_RESOURCE_NAME', 'AZURE_OPENAI_ENDPOINT');
  return { baseURL: `https://${resource}.openai.azure.com/openai`, apiVersion };
}

/** Azure's portal shows endpoints without the path; a gateway's own path is left as it is. */
function withOpenAI(endpoint: string): string {
  const url = endpoint.replace(/\/+$/, '');
  return isAzure(url) && new URL(url).pathname === '/' ? `${url}/openai` : url;
}

function isAzure(url: string): boolean {
  return /\.azure\.com$/.test(new URL(url).hostname);
}

function isVersioned(url: string): boolean {
  return url.toLowerCase().endsWith('/openai/v1');
}

/**
 * Amazon Bedrock by its Converse interface: with a bearer token, or with the keys of an AWS account, which
 * sign each request. Keys of profiles, instances and roles are not looked for.
 */
import type { JsonObject } from '../../base/json.ts';
import { adaptLanguageModel } from '../ai-sdk/model.ts';
import { adaptEmbeddingModel } from '../embeddings/adopt.ts';
import { orMissing } from '../optional-packages.ts';
import { findKey, firstOf, type Key, missingBaseURL, missingKey, named } from './keys.ts';
import type { Access, Vendor } from './vendor.ts';

const BEARER = 'AWS_BEARER_TOKEN_BEDROCK';

export const bedrock: Vendor = {
  async open(opening) {
    const { client, key } = await connect(opening);
    return adaptLanguageModel(client(opening.modelId), opening.settings, named(opening, key));
  },

  async embed(opening) {
    const { modelId, settings } = opening;
    const { client, key } = await connect(opening);
    return adaptEmbeddingModel(client.embedding(modelId), settings, {
      ...named(opening, key),
      providerOptions: { amazonBedrock: dimensionsOf(modelId, settings.dimensions) },
    });
  },
};

async function connect(access: Access) {
  const { provider, settings, fetch } = access;
  const token = findKey(access, [BEARER]);
  const account = token.value === undefined ? accountOf(access) : undefined;
  const region = firstOf(access, 'AWS_REGION', 'AWS_DEFAULT_REGION');
  const custom = settings.baseURL ?? firstOf(access, 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'AWS_ENDPOINT_URL');
  // A signature names the region, wherever the request goes.
  if (region === undefined && (custom === undefined || account !== undefined))
    throw missingBaseURL(access, 'AWS_REGION');
  const loading = import('@ai-sdk/amazon-bedrock');
  const { createAmazonBedrock } = await orMissing(loading, { provider, name: '@ai-sdk/amazon-bedrock' });
  const client = createAmazonBedrock({
    apiKey: token.value ?? '', // empty: it signs, and does not look for a token elsewhere
    region: region ?? 'none',
    baseURL: custom ?? `https://bedrock-runtime.${region}.${domainOf(region)}`,
    fetch,
    ...account?.credentials,
  });
  return { client, key: account?.key ?? token };
}

interface Account {
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly key: Key;
}

/** Of the one place that may show up in an answer, the secret, the key is hidden. */
function accountOf(access: Access): Account {
  const accessKeyId = firstOf(access, 'AWS_ACCESS_KEY_ID');
  const secretAccessKey = firstOf(access, 'AWS_SECRET_ACCESS_KEY');
  const sessionToken = firstOf(access, 'AWS_SESSION_TOKEN');
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const what = `neither ${BEARER} nor AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set`;
    throw missingKey(access.provider, BEARER, what);
  }
  const credentials = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
  return { credentials, key: { value: secretAccessKey, variable: 'AWS_SECRET_ACCESS_KEY' } };
}

/** https://docs.aws.amazon.com/general/latest/gr/bedrock.html; other partitions say theirs by a base URL. */
function domainOf(region: string | undefined): string {
  return region?.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

/** Each family has a name of its own for it. */
function dimensionsOf(modelId: string, dimensions: number | undefined): JsonObject {
  if (dimensions === undefined) return {};
  if (modelId.includes('cohere.')) return { outputDimension: dimensions };
  return modelId.includes('nova') ? { embeddingDimension: dimensions } : { dimensions };
}

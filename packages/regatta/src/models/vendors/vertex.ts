/**
 * Gemini on Google's Vertex AI: with an API key, or with a service account and a project. Credentials of
 * machines, files and the gcloud tool are not looked for.
 */
import { adaptLanguageModel } from '../ai-sdk/model.ts';
import { adaptEmbeddingModel } from '../embeddings/adopt.ts';
import { orMissing } from '../optional-packages.ts';
import { findKey, firstOf, type Key, missingBaseURL, missingKey, named } from './keys.ts';
import { infoOf } from './table.ts';
import type { Access, Vendor } from './vendor.ts';

const { keyVariables } = infoOf('vertex');
const EXPRESS_URL = 'https://aiplatform.googleapis.com/v1/publishers/google';

export const vertex: Vendor = {
  async open(opening) {
    const { client, key } = await connect(opening);
    return adaptLanguageModel(client(opening.modelId), opening.settings, named(opening, key));
  },

  async embed(opening) {
    const { client, key } = await connect(opening);
    const model = client.textEmbeddingModel(opening.modelId);
    return adaptEmbeddingModel(model, opening.settings, named(opening, key));
  },
};

async function connect(access: Access) {
  const { provider, settings, fetch } = access;
  const key = findKey(access, keyVariables);
  const account = key.value === undefined ? accountOf(access) : undefined;
  const baseURL = settings.baseURL ?? (account === undefined ? EXPRESS_URL : regionalURL(access));
  const loading = import('@ai-sdk/google-vertex');
  const { createGoogleVertex } = await orMissing(loading, { provider, name: '@ai-sdk/google-vertex' });
  // An empty key: it asks for a token, and does not look for a key elsewhere.
  const client = createGoogleVertex({
    apiKey: key.value ?? '',
    baseURL,
    fetch,
    ...(account && { googleAuthOptions: { credentials: account.credentials } }),
  });
  return { client, key: account?.key ?? key };
}

interface Account {
  readonly credentials: { readonly client_email: string; readonly private_key: string };
  readonly key: Key;
}

function accountOf(access: Access): Account {
  const email = firstOf(access, 'GOOGLE_CLIENT_EMAIL');
  const privateKey = firstOf(access, 'GOOGLE_PRIVATE_KEY');
  if (email === undefined || privateKey === undefined) {
    const [variable = ''] = keyVariables;
    const what = `neither ${variable} nor GOOGLE_CLIENT_EMAIL and GOOGLE_PRIVATE_KEY are set`;
    throw missingKey(access.provider, variable, what);
  }
  // Files of environment variables hold the key's line breaks escaped.
  const private_key = privateKey.replaceAll('\\n', '\n');
  return {
    credentials: { client_email: email, private_key },
    key: { value: private_key, variable: 'GOOGLE_PRIVATE_KEY' },
  };
}

/** https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations */
function regionalURL(access: Access): string {
  const project = firstOf(access, 'GOOGLE_VERTEX_PROJECT', 'GOOGLE_CLOUD_PROJECT');
  const location = firstOf(access, 'GOOGLE_VERTEX_LOCATION', 'GOOGLE_CLOUD_LOCATION');
  if (project === undefined) throw missingBaseURL(access, 'GOOGLE_VERTEX_PROJECT');
  if (location === undefined) throw missingBaseURL(access, 'GOOGLE_VERTEX_LOCATION');
  const host =
    location === 'global'
      ? 'aiplatform.googleapis.com'
      : location === 'eu' || location === 'us'
        ? `aiplatform.${location}.rep.googleapis.com`
        : `${location}-aiplatform.googleapis.com`;
  return `https://${host}/v1beta1/projects/${project}/locations/${location}/publishers/google`;
}

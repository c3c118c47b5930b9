/** Gemini's interface for embeddings: https://ai.google.dev/api/embeddings#method:-models.batchembedcontents */
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { Embedder, EmbedderSettings, EmbedReply } from '../../ports/embedder.ts';
import { NO_USAGE } from '../../protocol/usage.ts';
import type { Named } from '../vendors/keys.ts';
import type { Opening } from '../vendors/vendor.ts';
import { embedBy } from './embed-by.ts';
import { postJson } from './post-json.ts';

/** A request may carry so many. */
const MAX_TEXTS = 100;

export interface GoogleEmbeddings extends Named {
  readonly baseURL: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function googleEmbedder(
  { modelId, settings, fetch }: Opening<EmbedderSettings>,
  { baseURL, ...options }: GoogleEmbeddings,
): Embedder {
  const { dimensions, providerOptions, maxTexts = MAX_TEXTS, price } = settings;
  const model = `models/${modelId}`;
  const url = `${baseURL.replace(/\/$/, '')}/${model}:batchEmbedContents`;
  const headers = { ...options.headers, ...settings.headers };
  const fixed: JsonObject = {
    ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
    ...providerOptions?.google,
  };
  return embedBy({
    ...options,
    maxTexts,
    price,
    async ask(texts, signal) {
      const requests = texts.map((text) => ({ model, content: { parts: [{ text }] }, ...fixed }));
      return readAnswer(await postJson({ url, headers, body: { requests }, fetch, signal }));
    },
  });
}

function readAnswer({ embeddings, usageMetadata }: JsonObject): EmbedReply {
  if (!Array.isArray(embeddings)) throw new SyntaxError('the answer has no list "embeddings"');
  const vectors = embeddings.map((embedding, position) => {
    if (!isJsonObject(embedding) || !Array.isArray(embedding.values))
      throw new SyntaxError(`embeddings[${position}] has no values`);
    return embedding.values as readonly number[]; // by the interface
  });
  const tokens = isJsonObject(usageMetadata) ? usageMetadata.promptTokenCount : undefined;
  return {
    vectors,
    usage: { ...NO_USAGE, inputTokens: typeof tokens === 'number' ? tokens : null, outputTokens: 0 },
    modelId: null,
  };
}

/**
 * OpenAI's interface for embeddings, which most servers copy:
 * https://platform.openai.com/docs/api-reference/embeddings/create
 *
 * Vectors come as base64 of 32-bit floats where the server is known to send them so: it is a third of the
 * bytes, and reading 2,048 vectors number by number would hold up every other run for a while.
 */
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import type { Embedder, EmbedderSettings, EmbedReply, Vector } from '../../ports/embedder.ts';
import { NO_USAGE } from '../../protocol/usage.ts';
import type { Named } from '../vendors/keys.ts';
import type { Opening } from '../vendors/vendor.ts';
import { embedBy } from './embed-by.ts';
import { postJson } from './post-json.ts';

/** OpenAI's limit; servers that copy it mostly have none, or a larger one. */
const MAX_TEXTS = 2048;

export interface OpenAIEmbeddings extends Named {
  /** With its `/embeddings`, and with a query where there is one. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly encoding: 'base64' | 'float';
  /** What the field for the length of the vectors is called. @default 'dimensions' */
  readonly dimensionsField?: string;
  readonly maxTexts?: number;
  /** Of the settings' provider options, what goes into the request. */
  readonly optionsOf: readonly string[];
}

export function openAIEmbedder(
  { modelId, settings, fetch }: Opening<EmbedderSettings>,
  { url, encoding, dimensionsField = 'dimensions', optionsOf, ...options }: OpenAIEmbeddings,
): Embedder {
  const extra = Object.assign({}, ...optionsOf.map((name) => settings.providerOptions?.[name])) as JsonObject; // options are JSON
  const fixed: JsonObject = {
    ...(settings.dimensions === undefined ? {} : { [dimensionsField]: settings.dimensions }),
    ...extra,
  };
  const headers = { ...options.headers, ...settings.headers };
  return embedBy({
    ...options,
    maxTexts: settings.maxTexts ?? options.maxTexts ?? MAX_TEXTS,
    price: settings.price,
    async ask(texts, signal) {
      const body = { model: modelId, input: texts, encoding_format: encoding, ...fixed };
      return readAnswer(await postJson({ url, headers, body, fetch, signal }));
    },
  });
}

function readAnswer({ data, model, usage }: JsonObject): EmbedReply {
  if (!Array.isArray(data)) throw new SyntaxError('the answer has no list "data"');
  const vectors: Vector[] = [];
  for (const [position, item] of data.entries()) {
    if (!isJsonObject(item)) throw new SyntaxError(`data[${position}] is no object`);
    // Places are said by `index`, and only by habit by the order.
    const index = typeof item.index === 'number' ? item.index : position;
    vectors[index] = toVector(item.embedding, position);
  }
  const tokens = isJsonObject(usage) ? (usage.prompt_tokens ?? usage.total_tokens) : undefined;
  return {
    vectors,
    usage: { ...NO_USAGE, inputTokens: typeof tokens === 'number' ? tokens : null, outputTokens: 0 },
    modelId: typeof model === 'string' ? model : null,
  };
}

function toVector(embedding: Json | undefined, position: number): Vector {
  if (Array.isArray(embedding)) return embedding as readonly number[]; // by the interface
  if (typeof embedding !== 'string') throw new SyntaxError(`data[${position}] has no embedding`);
  const bytes = Buffer.from(embedding, 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}

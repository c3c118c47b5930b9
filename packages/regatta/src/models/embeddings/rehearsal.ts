/**
 * Embeddings without a key and without the network, always the same: each word is hashed to a place and a
 * sign, so texts that share words lie near each other. They find what has the same words, and nothing more.
 */
import type { Embedder, Vector } from '../../ports/embedder.ts';
import { NO_USAGE } from '../../protocol/usage.ts';
import { REHEARSAL_PRICE } from '../rehearsal.ts';

/** Enough for words to seldom share a place, and quick to compare. */
const DIMENSIONS = 256;
const CHARS_PER_TOKEN = 4;

/** `modelId` may be anything; it is only a name. */
export function createRehearsalEmbedder(modelId = 'default', dimensions: number = DIMENSIONS): Embedder {
  return Object.freeze<Embedder>({
    id: `rehearsal/${modelId}`,
    price: REHEARSAL_PRICE,
    async embed(texts, { signal }) {
      signal.throwIfAborted();
      const chars = texts.reduce((sum, text) => sum + text.length, 0);
      return {
        vectors: texts.map((text) => hashVector(text, dimensions)),
        usage: { ...NO_USAGE, inputTokens: Math.ceil(chars / CHARS_PER_TOKEN), outputTokens: 0 },
        modelId,
      };
    },
  });
}

/** Of length 1. A text without words is the first axis, since no direction is none. */
function hashVector(text: string, dimensions: number): Vector {
  const vector = new Array<number>(dimensions).fill(0);
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    const hash = hashOf(word);
    const place = hash % dimensions;
    vector[place] = (vector[place] ?? 0) + (hash & 0x80000000 ? -1 : 1);
  }
  const length = Math.hypot(...vector);
  if (length === 0) return vector.map((_, place) => (place === 0 ? 1 : 0));
  return vector.map((value) => value / length);
}

/** FNV-1a over UTF-16 units, mixed at the end so that low and high bits both depend on all of it. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

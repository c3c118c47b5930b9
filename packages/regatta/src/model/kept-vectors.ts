/** Vectors as they are kept: each with its share of what its request took, so that a hit says what it saved. */
import { deepFreeze, isJsonObject, parseJson } from '../base/json.ts';
import type { Embedder, EmbedReply, KeptVector, ReadyEmbedder, VectorCache } from '../ports/embedder.ts';
import type { RunContext } from '../ports/run-context.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { costNanoUsd } from './cost.ts';

const NOTHING = Object.freeze({ ...NO_USAGE, inputTokens: 0, outputTokens: 0 });

/** Undefined where there is none, or what is there cannot be read: then it is asked for. */
export async function readVector(
  text: string,
  { policy, keyOf }: VectorCache,
  context: RunContext,
): Promise<KeptVector | undefined> {
  try {
    const kept = parseJson((await policy.store.read(keyOf(text, context), context.clock.now())) ?? '');
    if (!isJsonObject(kept) || !Array.isArray(kept.vector)) return undefined;
    return deepFreeze(kept) as unknown as KeptVector; // only `keepVectors` gives what is written under our keys
  } catch {
    return undefined; // the store counts its failures
  }
}

/** One for each text. What a request took is shared by the lengths of its texts: the sum is exact. */
export function keepVectors(
  { price }: Embedder,
  texts: readonly string[],
  { vectors, usage }: EmbedReply,
): readonly KeptVector[] {
  const lengths = texts.map(({ length }) => length);
  const tokens = share(usage.inputTokens, lengths);
  const costs = share(costNanoUsd(price, usage), lengths);
  return vectors.map((vector, index) => ({
    vector,
    inputTokens: tokens?.[index] ?? null,
    costNanoUsd: costs?.[index] ?? null,
  }));
}

function share(total: number | null, weights: readonly number[]): readonly number[] | null {
  if (total === null) return null;
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let before = 0;
  let given = 0;
  return weights.map((weight) => {
    before += weight;
    const part = Math.round((total * before) / all) - given;
    given += part;
    return part;
  });
}

/** A span for what came from the cache, with what it saved. */
export async function toldKept(
  { embedder: { id: model } }: ReadyEmbedder,
  kept: readonly KeptVector[],
  context: RunContext,
): Promise<void> {
  if (kept.length === 0) return;
  const texts = kept.length;
  await context.tell({ type: 'embed.start', model, texts });
  const nano = sum(kept.map(({ costNanoUsd: cost }) => cost));
  const saved = {
    usage: { ...NOTHING, inputTokens: sum(kept.map(({ inputTokens }) => inputTokens)) },
    costUsd: nano === null ? null : nano / 1e9,
  };
  const dimensions = kept[0]?.vector.length ?? null;
  const end = { model, texts, dimensions, usage: NOTHING, costUsd: 0, attempts: 0, error: null, saved };
  await context.tell({ type: 'embed.end', ...end });
}

/** Null if one is not known. */
function sum(counts: readonly (number | null)[]): number | null {
  return counts.reduce((all, count) => (all === null || count === null ? null : all + count), 0);
}

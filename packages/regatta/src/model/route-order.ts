/** Which of several deployments to ask. */
import type { CallContext } from '../ports/call-context.ts';
import type { Model, ModelRequest } from '../ports/model.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { costNanoUsd } from './cost.ts';

/**
 * - `weighted`: by chance, in proportion to the weights.
 * - `least-busy`: the fewest calls under way for its weight.
 * - `lowest-cost`: the cheapest for this prompt; unknown prices last.
 * - `latency`: the quickest so far; one that is not known, or not any more, is tried by one call.
 *
 * Among equals it is the one whose turn was longest ago, then the one that was named first.
 */
export type Strategy = 'weighted' | 'least-busy' | 'lowest-cost' | 'latency';

export const STRATEGIES: readonly Strategy[] = ['weighted', 'least-busy', 'lowest-cost', 'latency'];

/** A deployment, and what one runtime knows of it. */
export interface Candidate {
  readonly key: object;
  readonly model: Model;
  readonly index: number;
  readonly weight: number;
  /** Calls under way. */
  busy: number;
  /** When it was chosen last, as a count of choices; 0 = never. */
  turn: number;
  /** Average of its answers, and when the last one came. */
  latency: { readonly ms: number; readonly at: number } | undefined;
}

/** What a strategy may look at. */
export interface Asking {
  readonly request: ModelRequest;
  readonly context: CallContext;
}

/** Milliseconds after which a latency says nothing any more: else one slow answer would shut a deployment out. */
const LATENCY_TTL_MS = 60_000;
const CHARS_PER_TOKEN = 4;
/** What an answer is taken to have where its length is not bounded. For comparing prices only. */
const OUTPUT_TOKENS = 500;

/** The one to ask; undefined for none of them. */
export function choose(
  candidates: readonly Candidate[],
  strategy: Strategy,
  asking: Asking,
): Candidate | undefined {
  if (strategy === 'weighted') return byWeight(candidates, asking.context.random());
  return byScore(candidates, SCORES[strategy], asking);
}

function byWeight(candidates: readonly Candidate[], random: number): Candidate | undefined {
  let left = random * candidates.reduce((sum, { weight }) => sum + weight, 0);
  for (const candidate of candidates) {
    left -= candidate.weight;
    if (left < 0) return candidate;
  }
  return candidates.at(-1); // rounding may leave a rest
}

type Score = (candidate: Candidate, asking: Asking) => number;

const SCORES: Readonly<Record<Exclude<Strategy, 'weighted'>, Score>> = {
  'least-busy': ({ busy, weight }) => busy / weight,
  'lowest-cost': ({ model: { price, parameters } }, { request }) => {
    const { maxTokens } = parameters ?? {};
    const chars = JSON.stringify([request.messages, request.tools]).length;
    const inputTokens = Math.ceil(chars / CHARS_PER_TOKEN);
    const outputTokens = typeof maxTokens === 'number' ? maxTokens : OUTPUT_TOKENS;
    return costNanoUsd(price, { ...NO_USAGE, inputTokens, outputTokens }) ?? Number.MAX_SAFE_INTEGER;
  },
  latency: ({ latency, busy }, { context }) => {
    const isKnown = latency !== undefined && context.clock.monotonic() - latency.at < LATENCY_TTL_MS;
    if (isKnown) return latency.ms;
    return busy === 0 ? -1 : 1e15 + busy; // one call finds out; the others go where it is known
  },
};

function byScore(candidates: readonly Candidate[], score: Score, asking: Asking): Candidate | undefined {
  const scored = candidates.map((candidate) => ({ candidate, score: score(candidate, asking) }));
  scored.sort(
    (one, other) =>
      one.score - other.score ||
      one.candidate.turn - other.candidate.turn ||
      one.candidate.index - other.candidate.index,
  );
  return scored[0]?.candidate;
}

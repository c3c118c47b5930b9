/** Money for tokens. */
import type { Price, Usage } from '../protocol/usage.ts';

/**
 * 1e-9 USD for `usage` at `price`, rounded once, at the end. `null` when the price is unknown or the
 * provider did not say how many tokens there were: unknown is never 0.
 */
export function costNanoUsd(price: Price | undefined, usage: Usage): number | null {
  const { inputTokens, outputTokens } = usage;
  if (price === undefined || inputTokens === null || outputTokens === null) return null;
  const cached = usage.cachedInputTokens ?? 0;
  const written = usage.cacheWriteTokens ?? 0;
  const { longInput } = price;
  const rates = longInput !== undefined && inputTokens > longInput.aboveInputTokens ? longInput : price;
  const { inputUsdPerMillion: input, outputUsdPerMillion: output } = rates;
  const usdPerMillion =
    (inputTokens - cached - written) * input +
    cached * (rates.cachedInputUsdPerMillion ?? input) +
    written * (rates.cacheWriteUsdPerMillion ?? input) +
    outputTokens * output;
  return Math.round(usdPerMillion * 1000); // USD per million tokens is 1,000 nano-USD per token
}

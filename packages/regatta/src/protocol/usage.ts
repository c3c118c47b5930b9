/** Tokens and money, as facts of one attempt and as sums over many. */

/** Token counts of one model call. `null` = the provider did not say, which is not the same as 0. */
export interface Usage {
  /** All input, cached and cache-written tokens included. */
  readonly inputTokens: number | null;
  /** All output, reasoning included. */
  readonly outputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly reasoningTokens: number | null;
}

export const NO_USAGE: Usage = Object.freeze({
  inputTokens: null,
  outputTokens: null,
  cachedInputTokens: null,
  cacheWriteTokens: null,
  reasoningTokens: null,
});

/** All of a call, as budgets and limits count it. */
export function tokensOf({ inputTokens, outputTokens }: Usage): number {
  return (inputTokens ?? 0) + (outputTokens ?? 0);
}

/** What a reply took when it was made, where it was kept and is given again: nothing of it is billed twice. */
export interface Saved {
  readonly usage: Usage;
  /** USD; `null` = no price is known. */
  readonly costUsd: number | null;
}

/** One attempt to call a model, written before the call's promise settles. */
export interface LedgerEntry {
  /** Unique in the run: the call's span and the number of the attempt. */
  readonly attemptId: string;
  /** Span of the logical call; several attempts may share it. */
  readonly callId: string;
  readonly runId: string;
  readonly task: string | null;
  readonly agent: string | null;
  /** `provider/model`. */
  readonly model: string;
  /** `lost`: the process ended while it was under way, so what it took is an estimate. */
  readonly status: 'succeeded' | 'failed' | 'aborted' | 'lost';
  readonly usage: Usage;
  /** `provider` as billed, `estimated` where the call was cut short, `none` where nothing was answered. */
  readonly source: 'provider' | 'estimated' | 'none';
  /** 1e-9 USD, a whole number, so that sums are exact. `null` = no price is known. */
  readonly costNanoUsd: number | null;
}

/** Sums over ledger entries. */
export interface UsageTotals {
  /** Logical calls. */
  readonly calls: number;
  /** Attempts, the failed ones included. */
  readonly attempts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** USD; `null` as soon as one attempt that used tokens has no known price. */
  readonly costUsd: number | null;
  /** Attempts whose usage is an estimate. */
  readonly estimated: number;
}

/** The totals of a run, and the same by task, agent and model. */
export interface UsageReport extends UsageTotals {
  readonly byTask: Readonly<Record<string, UsageTotals>>;
  readonly byAgent: Readonly<Record<string, UsageTotals>>;
  readonly byModel: Readonly<Record<string, UsageTotals>>;
}

/** USD per million tokens. A missing special price falls back to `input` or `output`. */
export interface PriceRates {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  readonly cachedInputUsdPerMillion?: number;
  readonly cacheWriteUsdPerMillion?: number;
}

export interface Price extends PriceRates {
  /** Rates of the whole call where its input has more tokens, cached and cache-written ones included. */
  readonly longInput?: PriceRates & { readonly aboveInputTokens: number };
}

/**
 * Money, tokens and calls that may be spent. A call reserves the most that it may need before it is
 * made, and settles what it did need after, so that calls at once cannot pass the limit together.
 *
 * The tolerance: what an answer needs beyond its reservation (a longer input than estimated, or an
 * output longer than `maxTokens`, or than 4,096 tokens where the LLM sets none).
 */
import { RegattaError } from '../base/errors.ts';
import type { Estimate, Settle } from '../ports/meter.ts';
import { type LedgerEntry, tokensOf } from '../protocol/usage.ts';

export interface BudgetLimits {
  readonly usd?: number;
  readonly tokens?: number;
  /** Attempts, the failed ones included. */
  readonly calls?: number;
}

interface Amount {
  readonly nanoUsd: number;
  readonly tokens: number;
  readonly calls: number;
}

export class Budget {
  readonly #owner: string;
  readonly #limits: BudgetLimits;
  /** Spent and reserved. */
  #used: Amount = { nanoUsd: 0, tokens: 0, calls: 0 };

  /** `owner` in errors: `run`, `crew` or `runtime`. */
  constructor(owner: string, limits: BudgetLimits) {
    this.#owner = owner;
    this.#limits = limits;
  }

  /** Check and reservation are one synchronous step. @throws RegattaError `budget/exceeded` or `budget/unpriced` */
  reserve(model: string, estimate: Estimate): Settle {
    const { usd, tokens, calls } = this.#limits;
    if (usd !== undefined && estimate.costNanoUsd === null) throw this.#unpriced(model);
    const asked = { nanoUsd: estimate.costNanoUsd ?? 0, tokens: estimate.tokens, calls: 1 };
    if (usd !== undefined) this.#check('usd', usd, this.#used.nanoUsd / 1e9, asked.nanoUsd / 1e9);
    if (tokens !== undefined) this.#check('tokens', tokens, this.#used.tokens, asked.tokens);
    if (calls !== undefined) this.#check('calls', calls, this.#used.calls, asked.calls);
    this.#add(asked, 1);
    return (settlement) => {
      this.#add(asked, -1);
      if (settlement !== null) this.book(settlement);
    };
  }

  /** Counts what was spent before, without asking whether it fits. */
  book({ usage, costNanoUsd }: Pick<LedgerEntry, 'usage' | 'costNanoUsd'>): void {
    this.#add({ nanoUsd: costNanoUsd ?? 0, tokens: tokensOf(usage), calls: 1 }, 1);
  }

  #add({ nanoUsd, tokens, calls }: Amount, sign: 1 | -1): void {
    const used = this.#used;
    this.#used = {
      nanoUsd: used.nanoUsd + sign * nanoUsd,
      tokens: used.tokens + sign * tokens,
      calls: used.calls + sign * calls,
    };
  }

  #check(limit: 'usd' | 'tokens' | 'calls', max: number, used: number, asked: number): void {
    if (used + asked <= max) return;
    const owner = this.#owner;
    throw new RegattaError(
      'budget/exceeded',
      `The ${owner}'s budget of ${max} ${limit} has ${Math.max(0, max - used)} left, and the next model call may need ${asked}. Raise the budget, or lower the LLM's maxTokens.`,
      { owner, limit, max, used, asked },
    );
  }

  #unpriced(model: string): RegattaError {
    const owner = this.#owner;
    return new RegattaError(
      'budget/unpriced',
      `The ${owner} has a budget in USD, and no price is known for model "${model}". Give the LLM a price, or limit tokens instead.`,
      { owner, model },
    );
  }
}

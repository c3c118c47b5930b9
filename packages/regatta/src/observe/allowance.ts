/** What may be spent, as users write it. */
import { type Problems, show } from '../base/problems.ts';
import type { RateLimits } from '../ports/limiter.ts';
import type { BudgetLimits } from './budget.ts';

/** Bounds of whatever spends: a runtime, a crew's runs together, one run. */
export interface Allowance {
  readonly budget?: BudgetLimits | undefined;
  readonly limits?: RateLimits | undefined;
}

/** Adds what is wrong with an allowance to `problems`. */
export function checkAllowance(problems: Problems, { budget = {}, limits = {} }: Allowance): void {
  problems.integer('budget.tokens', budget.tokens, 0);
  problems.integer('budget.calls', budget.calls, 0);
  problems.integer('limits.requestsPerMinute', limits.requestsPerMinute, 1);
  problems.integer('limits.tokensPerMinute', limits.tokensPerMinute, 1);
  const { usd } = budget;
  if (usd === undefined || (Number.isFinite(usd) && usd >= 0)) return;
  const message = `budget.usd must be a number of at least 0, got ${show(usd)}. Correct it or leave it out.`;
  problems.add('budget.usd', usd, message);
}

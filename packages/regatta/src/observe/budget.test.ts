import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_USAGE } from '../protocol/usage.ts';
import { Budget } from './budget.ts';

const used = (tokens: number, nanoUsd: number) => ({
  usage: { ...NO_USAGE, inputTokens: tokens, outputTokens: 0 },
  costNanoUsd: nanoUsd,
});

test('calls at once cannot pass the budget together: what is under way counts as spent (R50)', () => {
  const call = fc.record({
    tokens: fc.integer({ min: 1, max: 100 }),
    ratio: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 40 }), (calls, order) => {
      const budget = new Budget('run', { tokens: 500 });
      const open: (() => number)[] = [];
      let spent = 0;
      for (const [index, { tokens, ratio }] of calls.entries()) {
        try {
          const settle = budget.reserve('m', { tokens, costNanoUsd: null });
          open.push(() => {
            const needed = Math.floor(tokens * ratio);
            settle(used(needed, 0));
            return needed;
          });
        } catch (error) {
          expect(error).toMatchObject({
            code: 'budget/exceeded',
            details: { owner: 'run', limit: 'tokens', max: 500 },
          });
        }
        const at = order[index];
        if (at !== undefined && open.length > 0) spent += open.splice(at % open.length, 1)[0]!();
        expect(spent).toBeLessThanOrEqual(500);
      }
      for (const settle of open) spent += settle();
      expect(spent).toBeLessThanOrEqual(500);
    }),
  );
});

test('of 100 calls at once as many are let through as the budget has room for (R50)', () => {
  const budget = new Budget('run', { tokens: 500 });
  const settles = Array.from({ length: 100 }, () => {
    try {
      return budget.reserve('m', { tokens: 10, costNanoUsd: null });
    } catch {
      return undefined;
    }
  }).filter((settle) => settle !== undefined);
  expect(settles).toHaveLength(50);
  for (const settle of settles) settle(used(10, 0));
  expect(() => budget.reserve('m', { tokens: 1, costNanoUsd: null })).toThrow(/has 0 left/);
});

test('a call that was not made gives its reservation back', () => {
  const budget = new Budget('crew', { calls: 1 });
  budget.reserve('m', { tokens: 1, costNanoUsd: 1 })(null);
  budget.reserve('m', { tokens: 1, costNanoUsd: 1 })(used(1, 1));
  expect(() => budget.reserve('m', { tokens: 1, costNanoUsd: 1 })).toThrow(
    /crew's budget of 1 calls has 0 left/,
  );
});

test('a budget in USD needs a price: unknown is never taken for free', () => {
  const budget = new Budget('run', { usd: 1 });
  expect(() => budget.reserve('openai/x', { tokens: 1, costNanoUsd: null })).toThrow(
    /no price is known for model "openai\/x"/,
  );
  budget.reserve('openai/x', { tokens: 1, costNanoUsd: 999_999_999 })(used(1, 400_000_000));
  budget.reserve('openai/x', { tokens: 1, costNanoUsd: 600_000_000 });
  expect(() => budget.reserve('openai/x', { tokens: 1, costNanoUsd: 1 })).toThrow(/budget of 1 usd/);
});

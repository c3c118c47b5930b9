import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RateLimits } from '../ports/limiter.ts';
import { createManualClock } from '../testing/index.ts';
import { asks, checkLimiter } from '../testing/limiter-conformance.fixture.ts';
import { RateLimiter } from './rate-limit.ts';

const never = new AbortController().signal;

/** What the origin does (R48): read, wait, then count. */
class NaiveLimiter {
  readonly #max: number;
  #count = 0;
  constructor(max: number) {
    this.#max = max;
  }
  async acquire(): Promise<void> {
    if (this.#count >= this.#max) throw new Error('full');
    await undefined;
    this.#count++;
  }
  get count(): number {
    return this.#count;
  }
}

describe('calls at once never pass the limit together (R48)', () => {
  test('the limiter lets exactly the limit through', async () => {
    const clock = createManualClock();
    const limiter = new RateLimiter('run', { requestsPerMinute: 10 }, clock);
    let begun = 0;
    for (let call = 0; call < 100; call++) void limiter.acquire(asks(1), never).then(() => begun++);
    await clock.settle();
    expect(begun).toBe(10);
  });
  test('the naive one lets all of them through, so this test can fail', async () => {
    const limiter = new NaiveLimiter(10);
    await Promise.allSettled(Array.from({ length: 100 }, () => limiter.acquire()));
    expect(limiter.count).toBe(100);
  });
});

test('the limiter of one process keeps the rules', async () => {
  const open = (limits: RateLimits) => {
    const clock = createManualClock();
    const limiter = new RateLimiter('run', limits, clock);
    const close = async () => expect(clock.timers).toBe(0);
    return { limiter, pass: (ms: number) => clock.advance(ms), close };
  };
  expect(await checkLimiter(open)).toEqual([]);
});

test('in no 60 seconds does more than the limit begin, in the order asked, whatever the calls need', async () => {
  const calls = fc.array(
    fc.record({ afterMs: fc.integer({ min: 0, max: 20_000 }), tokens: fc.integer({ min: 1, max: 50 }) }),
    {
      minLength: 1,
      maxLength: 25,
    },
  );
  await fc.assert(
    fc.asyncProperty(calls, async (asked) => {
      const clock = createManualClock();
      const limiter = new RateLimiter('run', { requestsPerMinute: 5, tokensPerMinute: 100 }, clock);
      const begun: { readonly call: number; readonly at: number; readonly tokens: number }[] = [];
      for (const [call, { afterMs, tokens }] of asked.entries()) {
        await clock.advance(afterMs);
        void limiter
          .acquire(asks(tokens), never)
          .then(() => begun.push({ call, at: clock.monotonic(), tokens }));
      }
      await clock.advance(60_000 * asked.length);
      expect(begun.map(({ call }) => call)).toEqual(asked.map((_, call) => call));
      for (const { at } of begun) {
        const minute = begun.filter((use) => use.at > at - 60_000 && use.at <= at);
        expect(minute.length).toBeLessThanOrEqual(5);
        expect(minute.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(100);
      }
      expect(clock.timers).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('who gives up while waiting takes no slot and holds nobody up', async () => {
  const clock = createManualClock();
  const limiter = new RateLimiter('run', { requestsPerMinute: 1 }, clock);
  await limiter.acquire(asks(1), never);
  const leaver = new AbortController();
  const left = limiter.acquire(asks(1), leaver.signal);
  let isNext = false;
  const next = limiter.acquire(asks(1), never).then(() => {
    isNext = true;
  });
  await clock.settle();
  leaver.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  await clock.advance(59_999);
  expect(isNext).toBe(false);
  await clock.advance(1);
  await next;
  expect(clock.timers).toBe(0);
});

test('a call that never fits is refused at once', async () => {
  const limiter = new RateLimiter('crew', { tokensPerMinute: 100 }, createManualClock());
  await expect(limiter.acquire(asks(101), never)).rejects.toMatchObject({
    code: 'limit/too-small',
    details: { owner: 'crew', tokensPerMinute: 100, asked: 101 },
  });
});

/** Tries failed calls of a model again, and says so. Below this nothing retries. */

import type { Random } from '../base/clock.ts';
import { toErrorData } from '../base/error-data.ts';
import { isRegattaError } from '../base/errors.ts';
import type { Model, RetryPolicy } from '../ports/model.ts';
import { wrapModel } from './wrap.ts';

export function retry(model: Model, policy: RetryPolicy): Model {
  return wrapModel(model, async function* (request, context) {
    for (let attempt = 1; ; attempt++) {
      let hasDelta = false;
      try {
        const news = model.call({ ...request, attempt }, context);
        while (true) {
          const next = await news.next();
          if (next.done) return next.value;
          hasDelta = true;
          yield next.value;
        }
      } catch (error) {
        const mayRepeat = !hasDelta || policy.retry === 'always';
        if (context.signal.aborted || attempt >= policy.maxAttempts || !mayRepeat || !isRetryable(error))
          throw error;
        const delayMs = delayOf(error, attempt, { policy, random: context.random });
        yield { type: 'retry', attempt, delayMs, error: toErrorData(error) };
        await context.clock.sleep(delayMs, context.signal);
      }
    }
  });
}

function isRetryable(error: unknown): boolean {
  return isRegattaError(error) && 'retryable' in error.details && error.details.retryable;
}

interface Backoff {
  readonly policy: RetryPolicy;
  readonly random: Random;
}

/** What the provider asked for, else exponential backoff with full jitter, so that callers spread out. */
function delayOf(error: unknown, attempt: number, { policy, random }: Backoff): number {
  const { minDelayMs, maxDelayMs } = policy;
  const asked = isRegattaError(error) && 'retryAfterMs' in error.details ? error.details.retryAfterMs : null;
  if (asked !== null) return Math.min(asked, maxDelayMs);
  const ceiling = Math.min(maxDelayMs, minDelayMs * 2 ** (attempt - 1));
  return Math.round(minDelayMs / 2 + random() * (ceiling - minDelayMs / 2));
}

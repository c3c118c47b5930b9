/** Tries failed calls of a model again, and says so. Below this nothing retries. */
import { backoffMs } from '../base/backoff.ts';
import type { Random } from '../base/clock.ts';
import { toErrorData } from '../base/error-data.ts';
import { isRegattaError } from '../base/errors.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Model, ModelReply, ModelRequest, RetryPolicy, TellNews } from '../ports/model.ts';
import { Progress } from './progress.ts';
import { wrapModel } from './wrap.ts';

export interface RetryOptions {
  /** Whether another model is asked when this one has failed: then it is not waited for where that takes long. */
  readonly hasFallback: boolean;
}

export function retry(model: Model, policy: RetryPolicy, { hasFallback }: RetryOptions): Model {
  /** Goes on from the first failure. */
  const repeat = async (
    failure: unknown,
    { request, context, tell, progress, hear }: Call,
  ): Promise<ModelReply> => {
    let error = failure;
    for (let tries = 1; ; tries++) {
      const mayRepeat = !progress.hasDelta || policy.retry === 'always';
      if (context.signal.aborted || tries >= policy.maxAttempts || !mayRepeat || !isRetryable(error))
        throw error;
      if (hasFallback && isBusyForLong(error, policy)) throw error;
      const delayMs = delayOf(error, tries, { policy, random: context.random });
      await tell({ type: 'retry', attempt: progress.attempt, delayMs, error: toErrorData(error) });
      await context.clock.sleep(delayMs, context.signal);
      progress.next();
      try {
        context.signal.throwIfAborted(); // else a call that is over already would be made, and billed
        return await model.call({ ...request, attempt: progress.attempt }, context, hear);
      } catch (again) {
        error = again;
      }
    }
  };
  return wrapModel(model, (request, context, tell) => {
    const progress = new Progress(request.attempt);
    const hear = progress.follow(tell);
    context.signal.throwIfAborted(); // as above
    return model
      .call(request, context, hear)
      .catch((error: unknown) => repeat(error, { request, context, tell, progress, hear }));
  });
}

interface Call {
  readonly request: ModelRequest;
  readonly context: CallContext;
  readonly tell: TellNews;
  readonly progress: Progress;
  /** `tell`, which `progress` follows. */
  readonly hear: TellNews;
}

/** Whether the same call may succeed later. */
export function isRetryable(error: unknown): boolean {
  return isRegattaError(error) && 'retryable' in error.details && error.details.retryable;
}

/** Overload is over when it is over, and whoever asks to wait longer than we would is not worth the wait. */
function isBusyForLong(error: unknown, { maxDelayMs }: RetryPolicy): boolean {
  return isRegattaError(error, 'model/overloaded') || (retryAfterOf(error) ?? 0) > maxDelayMs;
}

interface Delays {
  readonly policy: RetryPolicy;
  readonly random: Random;
}

/** What the provider asked for, else a backoff. */
export function delayOf(error: unknown, tries: number, { policy, random }: Delays): number {
  const asked = retryAfterOf(error);
  return asked === null ? backoffMs(tries, { ...policy, random }) : Math.min(asked, policy.maxDelayMs);
}

function retryAfterOf(error: unknown): number | null {
  return isRegattaError(error) && 'retryAfterMs' in error.details ? error.details.retryAfterMs : null;
}

/**
 * Asks the next model where one has failed for a reason of its own: no key, no quota, too busy, too
 * small. Not where the request is at fault, or what it says: another model must not be shopped for.
 */
import { toErrorData } from '../base/error-data.ts';
import { type ErrorCode, isRegattaError } from '../base/errors.ts';
import type { Model, RetryPolicy } from '../ports/model.ts';
import { Progress } from './progress.ts';
import { wrapModel } from './wrap.ts';

/** Of `model/*`: these would be so with any model, or must not be evaded. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['model/invalid-request', 'model/content-filter']);

/** `first`, and `others` in their order. `policy` says whether an answer that has begun may be thrown away. */
export function withFallback(
  first: Model,
  others: readonly Model[],
  { retry }: Pick<RetryPolicy, 'retry'>,
): Model {
  if (others.length === 0) return first;
  return wrapModel(first, async (request, context, tell) => {
    const progress = new Progress(request.attempt);
    let model = first;
    for (const next of others) {
      try {
        return await model.call({ ...request, attempt: progress.attempt }, context, progress.follow(tell));
      } catch (error) {
        const mayBegin = !progress.hasDelta || retry === 'always';
        if (context.signal.aborted || !mayBegin || !isOfTheModel(error)) throw error;
        const { attempt } = progress;
        await tell({ type: 'retry', attempt, delayMs: 0, error: toErrorData(error), model: next.id });
        progress.next();
        model = next;
      }
    }
    return await model.call({ ...request, attempt: progress.attempt }, context, tell);
  });
}

/** `llm/*` is one that cannot be opened: its key is missing, or its package. */
export function isOfTheModel(error: unknown): boolean {
  if (!isRegattaError(error)) return false;
  return error.code.startsWith('llm/') || (error.code.startsWith('model/') && !FINAL.has(error.code));
}

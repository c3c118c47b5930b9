/** Where a provider refuses a part of a request, the call is made once more without that part. */
import { toErrorData } from '../base/error-data.ts';
import { isRegattaError } from '../base/errors.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Model, ModelEvent, ModelReply, ModelRequest } from '../ports/model.ts';
import { follow, Progress } from './progress.ts';

export interface Amendment {
  /** In the provider's words: what it refused. */
  readonly refused: RegExp;
  /** Makes the call without it, as that attempt. `said` is the message of the refusal. */
  readonly resend: (attempt: number, said: string) => AsyncGenerator<ModelEvent, ModelReply, void>;
}

/** Tells of the refusal as of a failed attempt. The second call is an attempt of its own. */
export async function* callOrResend(
  model: Model,
  { request, context }: { readonly request: ModelRequest; readonly context: CallContext },
  { refused, resend }: Amendment,
): AsyncGenerator<ModelEvent, ModelReply, void> {
  const progress = new Progress(request.attempt);
  try {
    return yield* follow(model.call(request, context), progress);
  } catch (error) {
    const isRefusal = isRegattaError(error, 'model/invalid-request') && refused.test(error.message);
    if (!isRefusal || progress.hasDelta || context.signal.aborted) throw error;
    const { attempt } = progress;
    yield { type: 'retry', attempt, delayMs: 0, error: toErrorData(error) };
    return yield* resend(attempt + 1, error.message);
  }
}

/** Where a provider refuses a part of a request, the call is made once more without that part. */
import { toErrorData } from '../base/error-data.ts';
import { isRegattaError } from '../base/errors.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Model, ModelReply, ModelRequest, TellNews } from '../ports/model.ts';
import { Progress } from './progress.ts';

export interface Amendment {
  /** In the provider's words: what it refused. */
  readonly refused: RegExp;
  /** Makes the call without it, as that attempt. `said` is the message of the refusal. */
  readonly resend: (attempt: number, said: string) => Promise<ModelReply>;
}

/** Tells of the refusal as of a failed attempt. The second call is an attempt of its own. */
export async function callOrResend(
  model: Model,
  {
    request,
    context,
    tell,
  }: { readonly request: ModelRequest; readonly context: CallContext; readonly tell: TellNews },
  { refused, resend }: Amendment,
): Promise<ModelReply> {
  const progress = new Progress(request.attempt);
  try {
    return await model.call(request, context, progress.follow(tell));
  } catch (error) {
    const isRefusal = isRegattaError(error, 'model/invalid-request') && refused.test(error.message);
    if (!isRefusal || progress.hasDelta || context.signal.aborted) throw error;
    const { attempt } = progress;
    await tell({ type: 'retry', attempt, delayMs: 0, error: toErrorData(error) });
    return await resend(attempt + 1, error.message);
  }
}

/** Writes each attempt of a model to the ledger, however it ends. */
import { isRegattaError } from '../base/errors.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Estimate, Reservation, Settlement } from '../ports/meter.ts';
import type { Model, ModelReply, ModelRequest, TellNews } from '../ports/model.ts';
import { NO_USAGE, tokensOf, type Usage } from '../protocol/usage.ts';
import { costNanoUsd } from './cost.ts';
import { wrapModel } from './wrap.ts';

/** Characters of a token, on average over English text and code: for estimates, which are flagged. */
const CHARS_PER_TOKEN = 4;
/** What an answer is taken to need at most where the LLM sets no `maxTokens`: few are longer. */
const MAX_OUTPUT_TOKENS = 4096;

export function metered(model: Model): Model {
  return wrapModel(model, (request, context, tell) => {
    const { span, meter, signal } = context;
    const { task, agent } = span;
    const reserved = meter.reserve(
      {
        callId: span.id,
        attempt: request.attempt,
        model: model.id,
        task,
        agent,
        estimate: () => estimateAtMost(model, request),
      },
      signal,
    );
    const call = { model, request, context, tell, received: 0 };
    // Most often nobody has to wait for a turn.
    return 'settle' in reserved ? ask(call, reserved) : reserved.then((turn) => ask(call, turn));
  });
}

/** The entry is written where the answer comes, before anybody who waits for it goes on. */
function ask(call: Call, reservation: Reservation): Promise<ModelReply> {
  const { model, request, context, tell } = call;
  const hear: TellNews = (news) => {
    if (news.type === 'delta') call.received += news.text.length;
    return tell(news);
  };
  const fail = (error: unknown): never => {
    reservation.settle(settlementOf(error, call));
    throw error;
  };
  const succeed = (reply: ModelReply): ModelReply => {
    try {
      const { usage } = reply;
      const cost = costNanoUsd(model.price, usage);
      reservation.settle({ status: 'succeeded', usage, source: 'provider', costNanoUsd: cost });
      return { ...reply, model: model.id, costUsd: cost === null ? null : cost / 1e9 };
    } catch (error) {
      return fail(error); // what a model gave is no reply
    }
  };
  return model.call(request, context, hear).then(succeed, fail);
}

interface Call {
  readonly model: Model;
  readonly request: ModelRequest;
  readonly context: CallContext;
  readonly tell: TellNews;
  /** Characters of the answer so far. */
  received: number;
}

function settlementOf(error: unknown, call: Call): Settlement {
  const status = call.context.signal.aborted ? 'aborted' : 'failed';
  // An error answer costs nothing, nor what was never sent. A call that was cut may have been billed.
  if (isUnanswered(error)) return { status, usage: NO_USAGE, source: 'none', costNanoUsd: 0 };
  return cutShort(status, call);
}

function isUnanswered(error: unknown): boolean {
  if (!isRegattaError(error) || !('status' in error.details)) return false;
  const { status } = error.details;
  return (
    (status !== null && status >= 400) || ('timeout' in error.details && error.details.timeout === 'connect')
  );
}

function cutShort(status: Settlement['status'], { model, request, received }: Call): Settlement {
  const usage = usageOf(request, Math.ceil(received / CHARS_PER_TOKEN));
  return { status, usage, source: 'estimated', costNanoUsd: costNanoUsd(model.price, usage) };
}

function estimateAtMost({ price, parameters }: Model, request: ModelRequest): Estimate {
  const { maxTokens } = parameters ?? {};
  const usage = usageOf(request, typeof maxTokens === 'number' ? maxTokens : MAX_OUTPUT_TOKENS);
  return { tokens: tokensOf(usage), costNanoUsd: costNanoUsd(price, usage) };
}

function usageOf({ messages, tools }: ModelRequest, outputTokens: number): Usage {
  const chars = JSON.stringify(messages).length + JSON.stringify(tools).length;
  return { ...NO_USAGE, inputTokens: Math.ceil(chars / CHARS_PER_TOKEN), outputTokens };
}

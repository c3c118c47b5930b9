/** Writes each attempt of a model to the ledger, however it ends. */
import { isRegattaError } from '../base/errors.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Settlement } from '../ports/meter.ts';
import type { Model, ModelRequest } from '../ports/model.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { costNanoUsd } from './cost.ts';
import { wrapModel } from './wrap.ts';

/** Characters of a token, on average over English text and code: for estimates, which are flagged. */
const CHARS_PER_TOKEN = 4;

export function metered(model: Model): Model {
  return wrapModel(model, async function* (request, context) {
    const { span, meter } = context;
    const { task, agent } = span;
    const { attempt } = request;
    const reservation = meter.reserve({ callId: span.id, attempt, model: model.id, task, agent });
    let received = 0;
    let isSettled = false;
    const settle = (settlement: Settlement): void => {
      isSettled = true;
      reservation.settle(settlement);
    };
    try {
      const news = model.call(request, context);
      while (true) {
        const next = await news.next();
        if (next.done) {
          const { usage } = next.value;
          const cost = costNanoUsd(model.price, usage);
          settle({ status: 'succeeded', usage, source: 'provider', costNanoUsd: cost });
          return next.value;
        }
        if (next.value.type === 'delta') received += next.value.text.length;
        yield next.value;
      }
    } catch (error) {
      settle(settlementOf(error, model, { request, received, context }));
      throw error;
    } finally {
      // Reached unsettled only when the reader stopped reading. What was answered is still billed.
      if (!isSettled) reservation.settle(estimate('aborted', model, { request, received, context }));
    }
  });
}

interface CutCall {
  readonly request: ModelRequest;
  readonly received: number;
  readonly context: CallContext;
}

function settlementOf(error: unknown, model: Model, call: CutCall): Settlement {
  const status = call.context.signal.aborted ? 'aborted' : 'failed';
  const wasRefused = isRegattaError(error) && 'status' in error.details && (error.details.status ?? 0) >= 400;
  // An error answer costs nothing. A call that was cut may have been worked on, and billed.
  if (wasRefused) return { status, usage: NO_USAGE, source: 'none', costNanoUsd: 0 };
  return estimate(status, model, call);
}

function estimate(
  status: Settlement['status'],
  { price }: Model,
  { request, received }: CutCall,
): Settlement {
  const usage = {
    ...NO_USAGE,
    inputTokens: Math.ceil(JSON.stringify(request.messages).length / CHARS_PER_TOKEN),
    outputTokens: Math.ceil(received / CHARS_PER_TOKEN),
  };
  return { status, usage, source: 'estimated', costNanoUsd: costNanoUsd(price, usage) };
}

/** One request for embeddings: tried again where that may help, in time, and each attempt in the ledger. */
import { CancelScope } from '../base/abort.ts';
import { isRegattaError, RegattaError } from '../base/errors.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Embedder, EmbedReply, ReadyEmbedder } from '../ports/embedder.ts';
import type { Settlement } from '../ports/meter.ts';
import { NO_USAGE, type Usage } from '../protocol/usage.ts';
import { costNanoUsd } from './cost.ts';
import { delayOf, isRetryable } from './retry.ts';

/** As for models: an estimate, which is flagged. */
const CHARS_PER_TOKEN = 4;

/** Counts attempts for whoever tells of the call, also when it fails. */
export interface Tally {
  attempts: number;
}

export async function embedOnce(
  { embedder, settings }: ReadyEmbedder,
  texts: readonly string[],
  { context, tally }: { readonly context: CallContext; readonly tally: Tally },
): Promise<EmbedReply> {
  const { retry: policy, timeoutMs } = settings;
  for (;;) {
    context.signal.throwIfAborted();
    tally.attempts++;
    try {
      return await attempt(embedder, texts, { context, timeoutMs, number: tally.attempts });
    } catch (error) {
      if (context.signal.aborted || tally.attempts >= policy.maxAttempts || !isRetryable(error)) throw error;
      const delayMs = delayOf(error, tally.attempts, { policy, random: context.random });
      await context.clock.sleep(delayMs, context.signal);
    }
  }
}

interface Attempt {
  readonly context: CallContext;
  readonly timeoutMs: number;
  /** From 1. */
  readonly number: number;
}

async function attempt(
  embedder: Embedder,
  texts: readonly string[],
  { context, timeoutMs, number }: Attempt,
): Promise<EmbedReply> {
  const { span, meter, signal } = context;
  const { id: model, price } = embedder;
  const { task, agent } = span;
  const estimate = () => {
    const usage = usageOf(texts);
    return { tokens: usage.inputTokens ?? 0, costNanoUsd: costNanoUsd(price, usage) };
  };
  const reservation = await meter.reserve(
    { callId: span.id, attempt: number, model, task, agent, estimate },
    signal,
  );
  let settlement: Settlement | undefined;
  const cancel = new CancelScope(signal, {
    timeoutMs,
    timeoutReason: () => timeoutError(model, timeoutMs),
    onOrphan: context.orphan,
  });
  try {
    const reply = await cancel.race(embedder.embed(texts, context.withSignal(cancel.signal)));
    const { usage } = reply;
    settlement = { status: 'succeeded', usage, source: 'provider', costNanoUsd: costNanoUsd(price, usage) };
    return reply;
  } catch (error) {
    settlement = settlementOf(error, { embedder, texts, isAborted: signal.aborted });
    throw error;
  } finally {
    cancel.close();
    if (settlement) reservation.settle(settlement);
  }
}

interface Failed {
  readonly embedder: Embedder;
  readonly texts: readonly string[];
  readonly isAborted: boolean;
}

/** An error answer costs nothing. A request that was cut may have been worked on, and billed. */
function settlementOf(error: unknown, { embedder, texts, isAborted }: Failed): Settlement {
  const status = isAborted ? 'aborted' : 'failed';
  const answer = isRegattaError(error) && 'status' in error.details ? error.details.status : null;
  // What ended an attempt from outside says nothing of an answer to it.
  if (!isAborted && answer !== null && answer >= 400)
    return { status, usage: NO_USAGE, source: 'none', costNanoUsd: 0 };
  const usage = usageOf(texts);
  return { status, usage, source: 'estimated', costNanoUsd: costNanoUsd(embedder.price, usage) };
}

function usageOf(texts: readonly string[]): Usage {
  const chars = texts.reduce((sum, text) => sum + text.length, 0);
  return { ...NO_USAGE, inputTokens: Math.ceil(chars / CHARS_PER_TOKEN), outputTokens: 0 };
}

function timeoutError(model: string, timeoutMs: number): RegattaError {
  return new RegattaError(
    'model/timeout',
    `Model "${model}" did not finish its embeddings within ${timeoutMs} ms. Raise the embedder's timeoutMs, or lower its maxTexts.`,
    { model, status: null, retryable: true, retryAfterMs: null, providerCode: null, timeout: 'total' },
  );
}

/** Failures of models, and what tests see of a call that met them. */

import type { ErrorDetails, ModelFailure } from '../base/errors.ts';
import { LLM, type LlmOptions, type Model, RegattaError, type RunEvent } from '../index.ts';

export type FailureCode = Extract<keyof ErrorDetails, `model/${string}`>;

const RETRYABLE: readonly string[] = [
  'model/rate-limit',
  'model/overloaded',
  'model/timeout',
  'model/network',
  'model/malformed-response',
  'model/failed',
];

export function failure(code: FailureCode, details: Partial<ModelFailure> = {}): RegattaError<FailureCode> {
  const facts = { model: 'stub/model', status: null, retryAfterMs: null, providerCode: null };
  const retryable = RETRYABLE.includes(code);
  return new RegattaError(code, `It failed: ${code}. Try again.`, { ...facts, retryable, ...details });
}

/** An LLM without pauses between its attempts. */
export function quickLlm(model: Model, options: Partial<LlmOptions> = {}): LLM {
  return new LLM({ model, retry: { minDelayMs: 0, maxDelayMs: 0 }, ...options });
}

/** What a run's events say of its calls, one short text each. */
export function summarize(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap((event) => {
    if (event.type === 'model.start') return [`start ${event.model}`];
    if (event.type === 'model.retry') return [`retry ${event.attempt} ${event.error.code} -> ${event.model}`];
    if (event.type === 'model.end') return [`end ${event.model} ${event.error?.code ?? 'ok'}`];
    return [];
  });
}

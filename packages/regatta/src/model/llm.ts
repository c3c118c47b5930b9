/** `LLM` as data: what users write, checked and with every default decided. */

import { deepFreeze, type JsonObject } from '../base/json.ts';
import { withoutUndefined } from '../base/options.ts';
import { Problems, show } from '../base/problems.ts';
import { Secret } from '../base/secret.ts';
import type { LlmDefinition, ModelSettings, RetryPolicy } from '../ports/model.ts';
import type { Scope } from '../ports/scope.ts';
import type { Price } from '../protocol/usage.ts';
import { parseModelName } from './name.ts';

export interface LlmSettings {
  /** `provider/model`, a `Model`, or a language model of the AI SDK specification (V2, V3, V4). */
  readonly model: string | object;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  /** Tokens of one answer at most. */
  readonly maxTokens?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  /** Default: the provider's variable in the runtime's `env`. Never printed. */
  readonly apiKey?: string | undefined;
  readonly baseURL?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly providerOptions?: Readonly<Record<string, JsonObject>> | undefined;
  readonly api?: 'chat' | 'responses' | undefined;
  readonly price?: Price | undefined;
  /** Milliseconds for one attempt. @default 600000 */
  readonly timeoutMs?: number | undefined;
  /** @default 3 attempts, pauses of 0.5 to 30 s, and only before the first delta */
  readonly retry?: Partial<RetryPolicy> | undefined;
}

/** Ten minutes, as the vendors' own packages: long reasoning answers take several. */
const TIMEOUT_MS = 600_000;
const RETRY: RetryPolicy = {
  maxAttempts: 3,
  minDelayMs: 500,
  maxDelayMs: 30_000,
  retry: 'before-first-delta',
};

/** @throws RegattaError `llm/bad-model` or `definition/invalid`. */
export function createLlmDefinition(settings: LlmSettings, scope: Scope): LlmDefinition {
  const { model, apiKey, timeoutMs = TIMEOUT_MS, retry, fetch, ...data } = settings;
  if (typeof model === 'string') parseModelName(model);
  const policy = { ...RETRY, ...withoutUndefined(retry ?? {}) };
  check(settings, policy);
  return {
    model,
    settings: Object.freeze({
      ...(deepFreeze(structuredClone(withoutUndefined(data))) as Partial<ModelSettings>), // the same fields, and the undefined ones are gone
      ...(fetch === undefined ? {} : { fetch }),
      ...(apiKey === undefined ? {} : { apiKey: new Secret(apiKey) }),
      timeoutMs,
      retry: Object.freeze(policy),
    }),
    scope,
  };
}

function check(settings: LlmSettings, { maxAttempts, minDelayMs, maxDelayMs }: RetryPolicy): void {
  const problems = new Problems(
    `LLM ${show(typeof settings.model === 'string' ? settings.model : 'object')}`,
  );
  if (typeof settings.model !== 'string' && (typeof settings.model !== 'object' || settings.model === null)) {
    problems.add(
      'model',
      settings.model,
      `model must be "provider/model" or a model object, got ${show(settings.model)}. Write for example "openai/gpt-5.4-mini".`,
    );
  }
  problems.integer('maxTokens', settings.maxTokens, 1);
  problems.duration('timeoutMs', settings.timeoutMs);
  problems.integer('retry.maxAttempts', maxAttempts, 1);
  problems.duration('retry.minDelayMs', minDelayMs, 0);
  problems.duration('retry.maxDelayMs', maxDelayMs, minDelayMs);
  problems.throwIfAny();
}

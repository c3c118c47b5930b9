/** `LLM` as data: what users write, checked and with every default decided. */

import { deepFreeze, type JsonObject } from '../base/json.ts';
import { withoutUndefined } from '../base/options.ts';
import { Problems, show } from '../base/problems.ts';
import { Secret } from '../base/secret.ts';
import type { CircuitPolicy, LlmDefinition, ModelSettings, RetryPolicy, Timeouts } from '../ports/model.ts';
import type { Scope } from '../ports/scope.ts';
import type { Price } from '../protocol/usage.ts';
import { type CacheInit, toCachePolicy } from './cache-policy.ts';
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
  /** Tokens that prompt and answer may have together. @default what is known of the model */
  readonly contextWindow?: number | undefined;
  /** Milliseconds for one attempt, as `timeouts.totalMs`. @default 600000 */
  readonly timeoutMs?: number | undefined;
  /** @default 10 s for a connection, and no limits for pieces of a streamed answer */
  readonly timeouts?: (Timeouts & { readonly totalMs?: number }) | undefined;
  /** @default 3 attempts, pauses of 0.5 to 30 s, and only before the first delta */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /**
   * When to leave the model alone for a while after failures; `false` = never.
   *
   * @default after 5 failed calls in a row for 30 s where there is a `fallback`, else never
   */
  readonly circuit?: Partial<CircuitPolicy> | false | undefined;
  /**
   * Keeps answers in `store`, `ttlMs` long: who asks the same of this model with the same settings gets
   * the same, whatever the temperature, and no request is made. `scope` says who shares them: one `run`,
   * one `runtime`, or all who give the same name, such as a tenant's.
   *
   * @default none; `ttlMs` 3600000, `scope` 'runtime'
   */
  readonly cache?: CacheInit | undefined;
}

/** What else is decided where the definition is made. */
export interface LlmParts {
  readonly fallback: readonly LlmDefinition[];
  readonly scope: Scope;
}

/** Ten minutes, as the vendors' own packages: long reasoning answers take several. */
const TIMEOUT_MS = 600_000;
const RETRY: RetryPolicy = {
  maxAttempts: 3,
  minDelayMs: 500,
  maxDelayMs: 30_000,
  retry: 'before-first-delta',
};

/** Undici's own limit: a server that takes longer to accept a connection is down. */
const CONNECT_MS = 10_000;
const CIRCUIT: CircuitPolicy = { breakAfter: 5, breakMs: 30_000 };

/** @throws RegattaError `llm/bad-model` or `definition/invalid`. */
export function createLlmDefinition(settings: LlmSettings, { fallback, scope }: LlmParts): LlmDefinition {
  const { model, apiKey, timeoutMs, timeouts, retry, circuit, cache, fetch, ...data } = settings;
  if (typeof model === 'string') parseModelName(model);
  const policy = { ...RETRY, ...withoutUndefined(retry ?? {}) };
  // Without another model to ask, a call that waits and tries is better than one that fails at once.
  const isGuarded = circuit === undefined ? fallback.length > 0 : circuit !== false;
  const breaking = { ...CIRCUIT, ...withoutUndefined(circuit || {}) };
  check(settings, { retry: policy, circuit: breaking });
  const keeping = cache === undefined ? undefined : toCachePolicy(cache, 'LLM');
  const { totalMs = timeoutMs ?? TIMEOUT_MS, ...limits } = timeouts ?? {};
  return {
    model,
    settings: Object.freeze({
      ...(deepFreeze(structuredClone(withoutUndefined(data))) as Partial<ModelSettings>), // the same fields, and the undefined ones are gone
      ...(fetch === undefined ? {} : { fetch }),
      ...(apiKey === undefined ? {} : { apiKey: new Secret(apiKey) }),
      timeoutMs: totalMs,
      timeouts: Object.freeze({ connectMs: CONNECT_MS, ...withoutUndefined(limits) }),
      retry: Object.freeze(policy),
      ...(isGuarded ? { circuit: Object.freeze(breaking) } : {}),
      ...(keeping === undefined ? {} : { cache: keeping }),
    }),
    fallback: Object.freeze([...fallback]),
    scope,
  };
}

interface Policies {
  readonly retry: RetryPolicy;
  readonly circuit: CircuitPolicy;
}

function check(settings: LlmSettings, { retry, circuit }: Policies): void {
  const { maxAttempts, minDelayMs, maxDelayMs } = retry;
  const { timeoutMs, timeouts = {} } = settings;
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
  problems.integer('contextWindow', settings.contextWindow, 1);
  problems.duration('timeoutMs', timeoutMs);
  for (const name of ['connectMs', 'firstTokenMs', 'idleMs', 'totalMs'] as const)
    problems.duration(`timeouts.${name}`, timeouts[name]);
  if (timeoutMs !== undefined && timeouts.totalMs !== undefined) {
    problems.add(
      'timeouts.totalMs',
      timeouts.totalMs,
      `timeouts.totalMs and timeoutMs are the same limit, got ${timeouts.totalMs} and ${timeoutMs}. Leave one of them out.`,
    );
  }
  problems.integer('retry.maxAttempts', maxAttempts, 1);
  problems.duration('retry.minDelayMs', minDelayMs, 0);
  problems.duration('retry.maxDelayMs', maxDelayMs, minDelayMs);
  problems.integer('circuit.breakAfter', circuit.breakAfter, 1);
  problems.duration('circuit.breakMs', circuit.breakMs);
  problems.throwIfAny();
}

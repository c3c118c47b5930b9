/** `Embedder` as data: what users write, checked and with every default decided. */
import { deepFreeze, type JsonObject } from '../base/json.ts';
import { withoutUndefined } from '../base/options.ts';
import { Problems, show } from '../base/problems.ts';
import { Secret } from '../base/secret.ts';
import type { EmbedderDefinition, EmbedderSettings } from '../ports/embedder.ts';
import type { RetryPolicy } from '../ports/model.ts';
import type { Scope } from '../ports/scope.ts';
import type { Price } from '../protocol/usage.ts';
import { type CacheInit, toCachePolicy } from './cache-policy.ts';
import { parseModelName } from './name.ts';

export interface EmbedderInit {
  /** `provider/model`, an `Embedder` port, or an embedding model of the AI SDK specification (V2, V3, V4). */
  readonly model: string | object;
  /** Length of the vectors, for models that can be asked for one. */
  readonly dimensions?: number | undefined;
  /** Default: the provider's variable in the runtime's `env`. Never printed. */
  readonly apiKey?: string | undefined;
  readonly baseURL?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly providerOptions?: Readonly<Record<string, JsonObject>> | undefined;
  readonly price?: Price | undefined;
  /** Texts in one request. @default what the provider takes */
  readonly maxTexts?: number | undefined;
  /** Milliseconds for one attempt. @default 60000 */
  readonly timeoutMs?: number | undefined;
  /** @default 3 attempts, pauses of 0.5 to 30 s */
  readonly retry?: Partial<Omit<RetryPolicy, 'retry'>> | undefined;
  /**
   * Keeps vectors in `store`, each by its text, `ttlMs` long: only texts that are not there are asked for.
   *
   * @default none; `ttlMs` is an hour, `scope` the runtime
   */
  readonly cache?: CacheInit | undefined;
}

/** Embeddings take seconds, also of a full request. */
const TIMEOUT_MS = 60_000;
/** As for models; an embedding has no pieces that could be thrown away. */
const RETRY: RetryPolicy = { maxAttempts: 3, minDelayMs: 500, maxDelayMs: 30_000, retry: 'always' };

/** @throws RegattaError `llm/bad-model` or `definition/invalid`. */
export function createEmbedderDefinition(init: EmbedderInit, scope: Scope): EmbedderDefinition {
  const { model, apiKey, timeoutMs = TIMEOUT_MS, retry, fetch, cache, ...data } = init;
  const policy = { ...RETRY, ...withoutUndefined(retry ?? {}) };
  check(init, policy);
  const keeping = cache === undefined ? undefined : toCachePolicy(cache, 'embedder');
  return {
    model,
    settings: Object.freeze({
      ...(deepFreeze(structuredClone(withoutUndefined(data))) as Partial<EmbedderSettings>), // the same fields, and the undefined ones are gone
      ...(fetch === undefined ? {} : { fetch }),
      ...(apiKey === undefined ? {} : { apiKey: new Secret(apiKey) }),
      timeoutMs,
      retry: Object.freeze(policy),
      ...(keeping === undefined ? {} : { cache: keeping }),
    }),
    scope,
  };
}

function check(init: EmbedderInit, { maxAttempts, minDelayMs, maxDelayMs }: RetryPolicy): void {
  const { model, dimensions, maxTexts, timeoutMs } = init;
  if (typeof model === 'string') parseModelName(model);
  const problems = new Problems(`Embedder ${show(typeof model === 'string' ? model : 'object')}`);
  if (typeof model !== 'string' && (typeof model !== 'object' || model === null)) {
    problems.add(
      'model',
      model,
      `model must be "provider/model" or a model object, got ${show(model)}. Write for example "openai/text-embedding-3-small".`,
    );
  }
  problems.integer('dimensions', dimensions, 1);
  problems.integer('maxTexts', maxTexts, 1);
  problems.duration('timeoutMs', timeoutMs);
  problems.integer('retry.maxAttempts', maxAttempts, 1);
  problems.duration('retry.minDelayMs', minDelayMs, 0);
  problems.duration('retry.maxDelayMs', maxDelayMs, minDelayMs);
  problems.throwIfAny();
}

/**
 * Leaves a model alone that fails call after call, so that its callers need not wait for each failure.
 *
 * What is counted is calls, retries included: a passing fault that a retry mends opens nothing. The
 * counts belong to one runtime, so no tenant can shut the way for another.
 */
import { Breaker } from '../base/breaker.ts';
import { isRegattaError, RegattaError } from '../base/errors.ts';
import type { CircuitPolicy, LlmDefinition, Model } from '../ports/model.ts';
import { isRetryable } from './retry.ts';
import { wrapModel } from './wrap.ts';

/** The models that fail at present. One that has never failed, or has recovered, takes no room. */
export class Circuits {
  /** By provider, model and server: shared by all who name them. */
  readonly #named = new Map<string, Breaker>();
  /** Of definitions with a key or a fetch of their own, and of model objects. */
  readonly #owned = new WeakMap<object, Breaker>();

  get(key: string | object): Breaker | undefined {
    return typeof key === 'string' ? this.#named.get(key) : this.#owned.get(key);
  }

  set(key: string | object, breaker: Breaker): void {
    if (typeof key === 'string') this.#named.set(key, breaker);
    else this.#owned.set(key, breaker);
  }

  delete(key: string | object): void {
    if (typeof key === 'string') this.#named.delete(key);
    else this.#owned.delete(key);
  }
}

/** What fails together: a limit of one account, or a server that is down, says nothing about another. */
export function circuitKeyOf(definition: LlmDefinition): string | object {
  const { model, settings } = definition;
  if (typeof model !== 'string') return model;
  const { apiKey, fetch, headers, baseURL = '', circuit } = settings;
  if (apiKey !== undefined || fetch !== undefined || headers !== undefined) return definition;
  return [model, baseURL, circuit?.breakAfter, circuit?.breakMs].join(' ');
}

export interface CircuitOptions {
  readonly circuits: Circuits;
  readonly key: string | object;
  readonly policy: CircuitPolicy;
}

export function circuit(model: Model, { circuits, key, policy }: CircuitOptions): Model {
  return wrapModel(model, async (request, context, tell) => {
    const breaker = circuits.get(key);
    if (breaker !== undefined && !breaker.allows()) throw openError(model.id, policy, breaker.waitMs);
    let end: 'answered' | 'failed' | 'given up' = 'given up';
    try {
      const reply = await model.call(request, context, tell);
      end = 'answered';
      return reply;
    } catch (error) {
      if (!context.signal.aborted) end = endOf(error);
      throw error;
    } finally {
      const current = circuits.get(key); // another call may have made it, or ended it, in the meantime
      if (end === 'given up') current?.release();
      if (end === 'answered') circuits.delete(key);
      if (end === 'failed') {
        const failing = current ?? new Breaker({ ...policy, clock: context.clock });
        failing.fail();
        circuits.set(key, failing);
      }
    }
  });
}

/** A provider that refuses a request is there; an error of ours tells nothing about it. */
function endOf(error: unknown): 'answered' | 'failed' | 'given up' {
  if (isRetryable(error)) return 'failed';
  const isFromProvider = isRegattaError(error) && error.code.startsWith('model/');
  return isFromProvider ? 'answered' : 'given up';
}

function openError(model: string, { breakAfter }: CircuitPolicy, waitMs: number): RegattaError {
  return new RegattaError(
    'model/circuit-open',
    `Model "${model}" has failed ${breakAfter} calls in a row or more, so it is not asked for another ${waitMs} ms. Wait, or give the LLM a fallback.`,
    { model, status: null, retryable: true, retryAfterMs: waitMs, providerCode: null },
  );
}

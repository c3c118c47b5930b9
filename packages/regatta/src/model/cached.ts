/**
 * A model whose answers are kept: who asks the same gets the same, and no request is made.
 *
 * Of calls at once for one key only the first asks, and the others wait for its answer. Whether the first
 * is slow to read, or leaves, does not concern them: then another of them asks. A failure is kept for
 * nobody: those who waited for it ask for themselves.
 *
 * An answer that was kept is no attempt: the ledger has no entry of it, and its usage is 0. `saved` says
 * what it took when it was made.
 */
import { untilAborted } from '../base/abort.ts';
import { isRegattaError } from '../base/errors.ts';
import type { Flights, Landing } from '../base/flights.ts';
import { deepFreeze, isJsonObject, parseJson } from '../base/json.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Model, ModelReply, ModelRequest, TellNews } from '../ports/model.ts';
import type { CachePolicy } from '../ports/reply-store.ts';
import { piecesOf } from '../protocol/pieces.ts';
import type { Usage } from '../protocol/usage.ts';
import { wrapModel } from './wrap.ts';

export interface CachedOptions {
  readonly policy: CachePolicy;
  /** Of one runtime. */
  readonly flights: Flights;
  readonly keyOf: (request: ModelRequest, context: CallContext) => string;
}

/** An answer that is whole. Others may be so because of a limit, a filter or a fault. */
const KEPT: readonly ModelReply['finishReason'][] = ['stop', 'tool-calls'];

const NOTHING: Usage = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
});

export function cached(model: Model, { policy, flights, keyOf }: CachedOptions): Model {
  const { store } = policy;
  return wrapModel(model, async (request, context, tell) => {
    const key = keyOf(request, context);
    const call = { model, request, context, tell, policy, key };
    const boarding = await flights.board(key, context.signal);
    if (boarding.is === 'answered') {
      store.count('hit');
      return await replay(boarding.text, call);
    }
    if (boarding.is === 'failed') {
      store.count('miss');
      return await ask(call, () => undefined);
    }
    const { land } = boarding;
    try {
      const text = await untilAborted(read(call), context.signal, context.orphan);
      if (text !== undefined) land({ is: 'answered', text });
      store.count(text === undefined ? 'miss' : 'hit');
      return await (text === undefined ? ask(call, land) : replay(text, call));
    } finally {
      land({ is: 'left' }); // changes nothing where it has landed
    }
  });
}

interface Call {
  readonly model: Model;
  readonly request: ModelRequest;
  readonly context: CallContext;
  readonly tell: TellNews;
  readonly policy: CachePolicy;
  readonly key: string;
}

/** A text that cannot be read, or that is no reply, is not there. */
async function read({ policy, key, context }: Call): Promise<string | undefined> {
  try {
    const text = await policy.store.read(key, context.clock.now());
    return text === undefined || parseReply(text) === undefined ? undefined : text;
  } catch {
    return undefined; // the store counts its failures, and the model can still be asked
  }
}

/** Asks at the model's pace and not at the reader's: others may wait for the answer. */
async function ask(
  { model, request, context, tell, policy, key }: Call,
  land: (landing: Landing) => void,
): Promise<ModelReply> {
  let told: Promise<unknown> = Promise.resolve();
  const hear: TellNews = (news) => {
    told = told.then(() => (context.signal.aborted ? undefined : tell(news)));
    return undefined;
  };
  try {
    const reply = await model.call(request, context, hear);
    const text = KEPT.includes(reply.finishReason) ? toText(reply) : undefined;
    if (text !== undefined) keep(text, { policy, key, context });
    land(text === undefined ? { is: 'failed' } : { is: 'answered', text });
    return reply;
  } catch (error) {
    land({ is: !context.signal.aborted && isOfTheModel(error) ? 'failed' : 'left' });
    throw error;
  } finally {
    if (!context.signal.aborted) await told;
  }
}

/** A store of somebody's that breaks its word must not break a call that has its answer. */
function keep(text: string, { policy, key, context }: Pick<Call, 'policy' | 'key' | 'context'>): void {
  const nowMs = context.clock.now();
  try {
    policy.store.write(key, text, { nowMs, expiresAtMs: nowMs + policy.ttlMs });
  } catch {
    return; // it is not kept; the store counts its failures
  }
}

/** Others have budgets, keys and signals of their own. */
export function isOfTheModel(error: unknown): boolean {
  return isRegattaError(error) && error.code.startsWith('model/');
}

/** Undefined for what is no JSON. */
function toText({ saved, ...reply }: ModelReply): string | undefined {
  try {
    return JSON.stringify(saved === undefined ? reply : { ...reply, ...saved });
  } catch {
    return undefined; // it has a cycle or a BigInt: it can be used, and not kept
  }
}

function parseReply(text: string): ModelReply | undefined {
  const value = parseJson(text);
  if (!isJsonObject(value) || !isJsonObject(value.message) || !isJsonObject(value.usage)) return undefined;
  return deepFreeze(value) as unknown as ModelReply; // only `toText` writes under our keys
}

async function replay(text: string, { context, tell }: Pick<Call, 'context' | 'tell'>): Promise<ModelReply> {
  const reply = parseReply(text);
  if (reply === undefined) throw new TypeError('A text that is no reply was not left out.');
  if (context.wantsDeltas)
    for (const piece of piecesOf(reply.message)) await tell({ type: 'delta', ...piece });
  const { usage, costUsd = null } = reply;
  return { ...reply, usage: NOTHING, costUsd: 0, saved: { usage, costUsd } };
}

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
import { CancelScope, untilAborted } from '../base/abort.ts';
import { Channel } from '../base/channel.ts';
import { isRegattaError } from '../base/errors.ts';
import type { Flights, Landing } from '../base/flights.ts';
import { deepFreeze, isJsonObject, parseJson } from '../base/json.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Model, ModelEvent, ModelReply, ModelRequest } from '../ports/model.ts';
import type { CachePolicy } from '../ports/reply-store.ts';
import { piecesOf } from '../protocol/pieces.ts';
import type { Usage } from '../protocol/usage.ts';
import { wrapModel } from './wrap.ts';

type News = AsyncGenerator<ModelEvent, ModelReply, void>;

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
  return wrapModel(model, async function* (request, context) {
    const key = keyOf(request, context);
    const call = { model, request, context, policy, key };
    const boarding = await flights.board(key, context.signal);
    if (boarding.is === 'answered') {
      store.count('hit');
      return yield* replay(boarding.text, context);
    }
    if (boarding.is === 'failed') {
      store.count('miss');
      return yield* ask(call, () => undefined);
    }
    const { land } = boarding;
    try {
      const text = await untilAborted(read(call), context.signal, context.orphan);
      if (text !== undefined) land({ is: 'answered', text });
      store.count(text === undefined ? 'miss' : 'hit');
      return yield* text === undefined ? ask(call, land) : replay(text, context);
    } finally {
      land({ is: 'left' }); // changes nothing where it has landed
    }
  });
}

interface Call {
  readonly model: Model;
  readonly request: ModelRequest;
  readonly context: CallContext;
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
async function* ask({ model, request, context, policy, key }: Call, land: (landing: Landing) => void): News {
  const cancel = new CancelScope(context.signal);
  const news = new Channel<ModelEvent>();
  let isDone = false;
  const reply = drain(model.call(request, context.withSignal(cancel.signal)), news)
    .then(
      (answer) => {
        const text = KEPT.includes(answer.finishReason) ? toText(answer) : undefined;
        if (text !== undefined) keep(text, { policy, key, context });
        land(text === undefined ? { is: 'failed' } : { is: 'answered', text });
        return answer;
      },
      (error) => {
        land({ is: !cancel.signal.aborted && isOfTheModel(error) ? 'failed' : 'left' });
        throw error;
      },
    )
    .finally(() => {
      isDone = true;
      news.wake();
    });
  reply.catch(() => undefined); // it is awaited below; it may fail while the reader is still at the news
  try {
    while (!isDone || news.size > 0) yield* await news.take();
    return await reply;
  } finally {
    if (!isDone) cancel.abort(new Error('The reader of the call has left.'));
    cancel.close();
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

async function drain(call: News, news: Channel<ModelEvent>): Promise<ModelReply> {
  while (true) {
    const next = await call.next();
    if (next.done) return next.value;
    news.push(next.value);
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

async function* replay(text: string, { wantsDeltas }: CallContext): News {
  const reply = parseReply(text);
  if (reply === undefined) throw new TypeError('A text that is no reply was not left out.');
  if (wantsDeltas) for (const piece of piecesOf(reply.message)) yield { type: 'delta', ...piece };
  const { usage, costUsd = null } = reply;
  return { ...reply, usage: NOTHING, costUsd: 0, saved: { usage, costUsd } };
}

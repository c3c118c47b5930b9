/**
 * Hosts LiteLLM's callbacks on our events.
 *
 * One logical call is one input, then its pieces, then one success or one failure, however often it
 * was tried. Not reproduced on purpose: callbacks in one list for the whole process, a limit of 30,
 * equal instances taken for one, both twins called, and the one dictionary that all of them change.
 */
import type { AdaptedCallback } from '../../ports/callback.ts';
import type { EventPattern, Observer } from '../../ports/observer.ts';
import { type Handlers, handlersOf } from './callback.ts';
import { type CallResponse, toEmbeddingResponse } from './embedding-response.ts';
import { toException } from './exception.ts';
import {
  type CallKwargs,
  failureKwargs,
  type LogEventType,
  postCallKwargs,
  preCallKwargs,
  streamKwargs,
  successKwargs,
} from './kwargs.ts';
import { toChunk, toModelResponse } from './model-response.ts';
import { type EventOf, type OpenCall, OpenCalls } from './open-calls.ts';
import { hasTransform } from './transform.ts';

/**
 * An object with any method of the contract as a callback of ours; undefined for other objects. Its
 * key is its class. A `loggingHook` is not called here: see `transformOf`.
 */
export function adaptLiteLLM(object: object): AdaptedCallback | undefined {
  const handlers = handlersOf(object);
  if (handlers === undefined && !hasTransform(object)) return undefined;
  const { constructor: type } = object;
  const isInstance = typeof type === 'function' && type !== Object;
  return adapt(handlers ?? {}, {
    name: isInstance && type.name !== '' ? type.name : 'litellm callback',
    key: isInstance ? type : object,
    isFunction: false,
  });
}

export type FunctionOccasion = 'input' | 'stream' | 'success' | 'failure';

/** A plain function of LiteLLM's. For input it gets the first argument alone. */
export type LiteLLMFunction = (kwargs: CallKwargs, response: unknown, start: Date, end: Date) => unknown;

/**
 * A plain function as a callback of ours. Its key is the function: one that is registered for several
 * occasions is given all of them at once, since of two with one key a scope keeps the newer.
 */
export function litellmFunction(
  fn: LiteLLMFunction,
  on: FunctionOccasion | readonly FunctionOccasion[],
): AdaptedCallback {
  const occasions: readonly FunctionOccasion[] = typeof on === 'string' ? [on] : on;
  const call = (...args: readonly unknown[]): unknown => Reflect.apply(fn, undefined, args);
  const handlers: Handlers = {
    preApiCall: occasions.includes('input') ? (_model, _messages, kwargs) => call(kwargs) : undefined,
    streamEvent: occasions.includes('stream') ? call : undefined,
    successEvent: occasions.includes('success') ? call : undefined,
    failureEvent: occasions.includes('failure') ? call : undefined,
  };
  return adapt(handlers, { name: fn.name === '' ? 'litellm function' : fn.name, key: fn, isFunction: true });
}

interface Identity {
  readonly name: string;
  readonly key: unknown;
  /** LiteLLM tells functions of success and failure alike `post_api_call` (`log_event`). */
  readonly isFunction: boolean;
}

function adapt(handlers: Handlers, { name, key, isFunction }: Identity): AdaptedCallback {
  const calls = new OpenCalls();
  return Object.freeze({
    name,
    key,
    on: patternsOf(handlers),
    observe: createObserver(calls, handlers, isFunction),
  });
}

/** Pieces, which come where a run streams, are handed only to those who have a use for them. */
function patternsOf({ streamEvent, ...others }: Handlers): readonly EventPattern[] {
  const isSilent = !streamEvent && Object.values(others).every((handler) => handler === undefined);
  if (isSilent) return Object.freeze([]);
  const places: EventPattern[] = ['task.start', 'task.end', 'agent.start', 'agent.end'];
  const pieces: EventPattern[] = streamEvent ? ['model.delta', 'model.retry'] : [];
  return Object.freeze([...places, 'model.start', ...pieces, 'model.end', 'embed.start', 'embed.end']);
}

export function createObserver(calls: OpenCalls, handlers: Handlers, isFunction = false): Observer {
  return (event) => {
    switch (event.type) {
      case 'task.start':
      case 'agent.start':
        return calls.enter(event);
      case 'task.end':
      case 'agent.end':
        return calls.leave(event);
      case 'model.start': {
        const call = calls.open(event);
        return handlers.preApiCall?.(call.model, call.messages, preCallKwargs(call));
      }
      case 'embed.start': {
        const call = calls.openEmbedding(event);
        return handlers.preApiCall?.(call.model, call.messages, preCallKwargs(call));
      }
      case 'model.delta': {
        if (event.kind === 'reasoning') return undefined;
        const call = calls.delta(event);
        return handlers.streamEvent && tellPiece(handlers.streamEvent, call, event);
      }
      case 'model.retry':
        return calls.retry(event);
      case 'model.end':
      case 'embed.end':
        return tellEnd(handlers, calls.close(event), { event, isFunction });
      default:
        return undefined;
    }
  };
}

function tellPiece(
  streamEvent: NonNullable<Handlers['streamEvent']>,
  call: OpenCall,
  event: EventOf<'model.delta'>,
): unknown {
  const chunk = toChunk({ ...call, time: event.time }, event, call.firstDeltaAt === null);
  return streamEvent(streamKwargs(call, event.time), chunk, new Date(call.startedAt), new Date(event.time));
}

interface End {
  readonly event: EventOf<'model.end' | 'embed.end'>;
  readonly isFunction: boolean;
}

function tellEnd(handlers: Handlers, call: OpenCall, { event, isFunction }: End): unknown {
  const { time: endedAt, error, costUsd, saved } = event;
  const start = new Date(call.startedAt);
  const type = (own: LogEventType): LogEventType => (isFunction ? 'post_api_call' : own);
  const response = responseOf(call, event);
  if (error !== null || response === undefined) {
    if (!handlers.failureEvent) return undefined;
    const data = error ?? { code: 'model/failed', message: 'The model gave no answer.', details: null };
    const exception = toException(data, call.provider);
    const kwargs = failureKwargs(call, { endedAt, exception }, type('failed_api_call'));
    return handlers.failureEvent(kwargs, null, start, new Date(endedAt));
  }
  const { postApiCall, successEvent } = handlers;
  if (!postApiCall && !successEvent) return undefined;
  const success = (): unknown => {
    const kwargs = successKwargs(call, { endedAt, response, costUsd, saved }, type('successful_api_call'));
    return successEvent?.(kwargs, response, start, new Date(endedAt));
  };
  // LiteLLM does not tell it of an answer from a cache: nothing was asked.
  if (!postApiCall || saved !== undefined) return success();
  return bothOf(() => postApiCall(postCallKwargs(call, { endedAt, response }), null, start, null), success);
}

/** With the usage of the answer when it was made, also where it is from a cache. */
function responseOf(call: OpenCall, event: End['event']): CallResponse | undefined {
  const usage = event.saved?.usage ?? event.usage;
  if (event.type === 'embed.end') return toEmbeddingResponse(call.model, usage);
  const { message, finishReason, time } = event;
  return message === null ? undefined : toModelResponse({ ...call, time }, { message, finishReason, usage });
}

/** One after the other. That the first one fails does not keep the second from being called. */
async function bothOf(first: () => unknown, second: () => unknown): Promise<void> {
  const settled: PromiseSettledResult<unknown>[] = [];
  for (const call of [first, second]) settled.push(...(await Promise.allSettled([(async () => call())()])));
  const failed = settled.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/**
 * LiteLLM's callback contract (`CustomLogger` in litellm/integrations/custom_logger.py) in TypeScript.
 *
 * Every method is optional, and may also bear its Python name (`log_success_event`). Of a pair such as
 * `logSuccessEvent` and `asyncLogSuccessEvent` only the async one is called: both would log twice.
 */

import type { CallResponse } from './embedding-response.ts';
import type { CallKwargs } from './kwargs.ts';
import type { ModelResponseStream } from './model-response.ts';
import type { OpenAIMessage } from './openai-message.ts';

/** Before a call. Heard once per logical call: attempts that are tried again are one call. */
export type PreApiCall = (model: string, messages: readonly OpenAIMessage[], kwargs: CallKwargs) => unknown;

/** After the provider has answered. As in LiteLLM the response is in `kwargs.original_response`. */
export type PostApiCall = (kwargs: CallKwargs, response: null, start: Date, end: null) => unknown;

/** For each piece of a streamed answer. */
export type StreamEvent = (kwargs: CallKwargs, chunk: ModelResponseStream, start: Date, end: Date) => unknown;

/** Once for a call that succeeded. The response of embeddings has the `object` "list". */
export type SuccessEvent = (kwargs: CallKwargs, response: CallResponse, start: Date, end: Date) => unknown;

/** Once for a call that failed or was cancelled. As in LiteLLM the error is `kwargs.exception`. */
export type FailureEvent = (kwargs: CallKwargs, response: null, start: Date, end: Date) => unknown;

/**
 * Changes what the callbacks of its scope see, for masking. Return the pair to show; it gets copies
 * that it may change. `result` is null at the start of a call.
 */
export type LoggingHook = (kwargs: CallKwargs, result: unknown, callType: string) => unknown;

export interface LiteLLMCallback {
  logPreApiCall?: PreApiCall;
  asyncLogPreApiCall?: PreApiCall;
  logPostApiCall?: PostApiCall;
  asyncLogPostApiCall?: PostApiCall;
  logStreamEvent?: StreamEvent;
  asyncLogStreamEvent?: StreamEvent;
  logSuccessEvent?: SuccessEvent;
  asyncLogSuccessEvent?: SuccessEvent;
  logFailureEvent?: FailureEvent;
  asyncLogFailureEvent?: FailureEvent;
  loggingHook?: LoggingHook;
}

/** What is called, each at most once for one occasion. */
export interface Handlers {
  readonly preApiCall?: PreApiCall | undefined;
  readonly postApiCall?: PostApiCall | undefined;
  readonly streamEvent?: StreamEvent | undefined;
  readonly successEvent?: SuccessEvent | undefined;
  readonly failureEvent?: FailureEvent | undefined;
}

/** The handlers of `object`, bound to it; undefined when it has no method of the contract. */
export function handlersOf(object: object): Handlers | undefined {
  const handlers: Handlers = {
    preApiCall: twinOf(object, 'LogPreApiCall', 'log_pre_api_call'),
    postApiCall: twinOf(object, 'LogPostApiCall', 'log_post_api_call'),
    streamEvent: twinOf(object, 'LogStreamEvent', 'log_stream_event'),
    successEvent: twinOf(object, 'LogSuccessEvent', 'log_success_event'),
    failureEvent: twinOf(object, 'LogFailureEvent', 'log_failure_event'),
  };
  const isNone = Object.values(handlers).every((handler) => handler === undefined);
  return isNone ? undefined : handlers;
}

/** The first of these methods that `object` has, bound to it. */
export function methodOf(
  object: object,
  names: readonly string[],
): ((...args: readonly unknown[]) => unknown) | undefined {
  for (const name of names) {
    const method: unknown = Reflect.get(object, name);
    if (typeof method === 'function') return (...args) => Reflect.apply(method, object, args);
  }
  return undefined;
}

/** The async one of a pair, or else the sync one (R07). */
function twinOf(object: object, camel: string, snake: string) {
  return methodOf(object, [`async${camel}`, `async_${snake}`, `l${camel.slice(1)}`, snake]);
}

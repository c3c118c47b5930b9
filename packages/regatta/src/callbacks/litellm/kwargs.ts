/**
 * `kwargs`, the first thing a LiteLLM callback reads.
 *
 * In LiteLLM it is one live dictionary that all callbacks of a call share and change. Here each
 * callback gets its own, built anew for each invocation and frozen: what one does, no other sees.
 * As in LiteLLM it grows: what a call does not know yet has no key.
 */
import { deepFreeze } from '../../base/json.ts';
import type { CallException } from './exception.ts';
import type { ModelResponse } from './model-response.ts';
import type { CallType, OpenCall } from './open-calls.ts';
import type { OpenAIMessage } from './openai-message.ts';
import {
  type CallMetadata,
  type Ending,
  type StandardLoggingPayload,
  toMetadata,
  toStandardPayload,
} from './standard-payload.ts';

export type LogEventType = 'pre_api_call' | 'post_api_call' | 'successful_api_call' | 'failed_api_call';

interface CallFacts {
  /** Without the provider. */
  readonly model: string;
  readonly messages: readonly OpenAIMessage[];
  readonly input: readonly OpenAIMessage[];
  /** Settings of the call in OpenAI's names. They are also keys of `kwargs` itself. */
  readonly optional_params: Readonly<Record<string, unknown>>;
  readonly litellm_params: {
    /** Which of the two it is. */
    readonly acompletion?: true;
    readonly aembedding?: true;
    readonly custom_llm_provider: string;
    readonly litellm_call_id: string;
    readonly litellm_trace_id: string;
    readonly metadata: CallMetadata;
  };
  readonly start_time: Date;
  readonly api_call_start_time: Date;
  /** When the first piece came; null as long as none did. A whole answer begins where it ends. */
  readonly completion_start_time: Date | null;
  readonly stream: boolean;
  readonly user: null;
  readonly call_type: CallType;
  /** The call's span. */
  readonly litellm_call_id: string;
  /** The run. */
  readonly litellm_trace_id: string;
  readonly custom_llm_provider: string;
}

export interface CallKwargs extends CallFacts {
  readonly log_event_type: LogEventType;
  /** This and all below: once the call has ended. */
  readonly end_time?: Date;
  readonly llm_api_duration_ms?: number;
  readonly cache_hit?: boolean;
  /** USD; null where no price is known, 0 for a failure. */
  readonly response_cost?: number | null;
  /** JSON text of the answer; null for a failure. */
  readonly original_response?: string | null;
  readonly standard_logging_object?: StandardLoggingPayload;
  /** Of a streamed answer: all of it. */
  readonly complete_streaming_response?: ModelResponse;
  readonly async_complete_streaming_response?: ModelResponse;
  readonly exception?: CallException;
  /** Name and message: stacks are not in events. */
  readonly traceback_exception?: string;

  readonly [parameter: string]: unknown;
}

export function preCallKwargs(call: OpenCall): CallKwargs {
  return Object.freeze({ ...commonKwargs(call), log_event_type: 'pre_api_call' });
}

export function postCallKwargs(
  call: OpenCall,
  { endedAt, response }: Pick<Extract<Ending, { response: unknown }>, 'endedAt' | 'response'>,
): CallKwargs {
  return Object.freeze({
    ...commonKwargs(call),
    llm_api_duration_ms: endedAt - call.startedAt,
    original_response: JSON.stringify(response),
    log_event_type: 'post_api_call',
  });
}

export function streamKwargs(call: OpenCall, time: number): CallKwargs {
  return Object.freeze({
    ...commonKwargs(call),
    completion_start_time: new Date(call.firstDeltaAt ?? time),
    llm_api_duration_ms: time - call.startedAt,
    log_event_type: 'successful_api_call',
    end_time: new Date(time),
    cache_hit: false,
    response_cost: null,
  });
}

export function successKwargs(
  call: OpenCall,
  ending: Extract<Ending, { response: unknown }>,
  log_event_type: LogEventType,
): CallKwargs {
  const { endedAt, response, costUsd, saved } = ending;
  return Object.freeze({
    ...commonKwargs(call),
    completion_start_time: new Date(call.firstDeltaAt ?? endedAt),
    // Where a cache answered, nothing was asked.
    ...(saved === undefined ? { llm_api_duration_ms: endedAt - call.startedAt } : {}),
    original_response: JSON.stringify(response),
    log_event_type,
    end_time: new Date(endedAt),
    cache_hit: saved !== undefined,
    response_cost: costUsd,
    ...(call.isStream && response.object === 'chat.completion'
      ? { complete_streaming_response: response, async_complete_streaming_response: response }
      : {}),
    standard_logging_object: toStandardPayload(call, ending),
  });
}

export function failureKwargs(
  call: OpenCall,
  ending: Extract<Ending, { exception: unknown }>,
  log_event_type: LogEventType,
): CallKwargs {
  const { endedAt, exception } = ending;
  return Object.freeze({
    ...commonKwargs(call),
    llm_api_duration_ms: endedAt - call.startedAt,
    log_event_type,
    exception,
    traceback_exception: `${exception.name}: ${exception.message}`,
    end_time: new Date(endedAt),
    original_response: null,
    response_cost: 0,
    standard_logging_object: toStandardPayload(call, ending),
  });
}

/** New dates each time: a date cannot be frozen. */
function commonKwargs(call: OpenCall): CallFacts {
  return {
    ...call.parameters,
    model: call.model,
    messages: call.messages,
    input: call.messages,
    optional_params: call.parameters,
    litellm_params: deepFreeze({
      [call.callType]: true,
      custom_llm_provider: call.provider,
      litellm_call_id: call.id,
      litellm_trace_id: call.runId,
      metadata: toMetadata(call),
    }),
    start_time: new Date(call.startedAt),
    api_call_start_time: new Date(call.startedAt),
    completion_start_time: call.firstDeltaAt === null ? null : new Date(call.firstDeltaAt),
    stream: call.isStream,
    user: null,
    call_type: call.callType,
    litellm_call_id: call.id,
    litellm_trace_id: call.runId,
    custom_llm_provider: call.provider,
  };
}

/**
 * LiteLLM's `StandardLoggingPayload`: one flat record of a finished call.
 *
 * The keys are those of the TypedDict of that name in litellm/types/utils.py at commit
 * 001c64f24845167b8fcd01f3e48152923627d4c7, in its order. Values that only LiteLLM's proxy has are
 * what LiteLLM itself gives without a proxy.
 */
import { deepFreeze } from '../../base/json.ts';
import type { Saved } from '../../protocol/usage.ts';
import type { CallResponse, CallUsage } from './embedding-response.ts';
import type { CallException } from './exception.ts';
import type { OpenCall } from './open-calls.ts';
import type { OpenAIMessage } from './openai-message.ts';

export interface StandardLoggingPayload {
  readonly id: string;
  /** The run: it holds together what belongs to one request. */
  readonly trace_id: string;
  readonly litellm_call_id: string;
  readonly call_type: string;
  /** True for a streamed answer that is complete, else null. */
  readonly stream: boolean | null;
  /** USD; 0 where no price is known. */
  readonly response_cost: number;
  readonly cost_breakdown: null;
  readonly response_cost_failure_debug_info: null;
  readonly status: 'success' | 'failure';
  readonly status_fields: {
    readonly llm_api_status: 'success' | 'failure';
    readonly guardrail_status: 'not_run';
  };
  readonly custom_llm_provider: string;
  readonly total_tokens: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  /** Seconds since the epoch, as the next two. */
  readonly startTime: number;
  readonly endTime: number;
  readonly completionStartTime: number;
  /** Seconds; of a stream, until its first piece. */
  readonly response_time: number;
  readonly model_map_information: { readonly model_map_key: string; readonly model_map_value: null };
  readonly model: string;
  readonly model_id: string;
  readonly model_group: string;
  readonly api_base: string;
  readonly metadata: StandardLoggingMetadata;
  readonly cache_hit: boolean;
  readonly cache_key: null;
  /** USD that a cached answer did not cost again; 0 where that is not known. */
  readonly saved_cache_cost: number;
  readonly request_tags: readonly string[];
  readonly end_user: string;
  readonly requester_ip_address: null;
  readonly user_agent: null;
  readonly messages: readonly OpenAIMessage[];
  /** `{}` for a failure. */
  readonly response: CallResponse | Readonly<Record<string, never>>;
  readonly error_str: string | null;
  readonly error_information: {
    readonly error_code: string;
    readonly error_class: string;
    readonly llm_provider: string;
    readonly traceback: string;
    readonly error_message: string;
  };
  readonly model_parameters: Readonly<Record<string, unknown>>;
  readonly hidden_params: StandardLoggingHiddenParams;
  readonly guardrail_information: null;
  readonly standard_built_in_tools_params: {
    readonly web_search_options: null;
    readonly file_search: null;
  };
}

/** Where a call belongs. LiteLLM's proxy keys are null; our ids are in `requester_metadata`. */
export interface StandardLoggingMetadata {
  readonly requester_metadata: CallMetadata;
  readonly usage_object: CallUsage | null;
  readonly applied_guardrails: readonly string[];
  readonly [proxyKey: string]: unknown;
}

export interface CallMetadata {
  readonly run_id: string;
  readonly task: string | null;
  readonly agent: string | null;
}

export interface StandardLoggingHiddenParams {
  readonly model_id: null;
  readonly cache_key: null;
  readonly api_base: null;
  readonly response_cost: number | null;
  readonly litellm_overhead_time_ms: null;
  readonly additional_headers: Readonly<Record<string, never>>;
  readonly batch_models: null;
  /** `provider/model`. */
  readonly litellm_model_name: string;
  readonly usage_object: null;
}

const PROXY_METADATA: Readonly<Record<string, null>> = Object.freeze({
  user_api_key_hash: null,
  user_api_key_alias: null,
  user_api_key_spend: null,
  user_api_key_max_budget: null,
  user_api_key_budget_reset_at: null,
  user_api_key_org_id: null,
  user_api_key_team_id: null,
  user_api_key_project_id: null,
  user_api_key_user_id: null,
  user_api_key_user_email: null,
  user_api_key_team_alias: null,
  user_api_key_end_user_id: null,
  user_api_key_request_route: null,
  user_api_key_auth_metadata: null,
  spend_logs_metadata: null,
  requester_ip_address: null,
  user_agent: null,
  requester_custom_headers: null,
  prompt_management_metadata: null,
  mcp_tool_call_metadata: null,
  vector_store_request_metadata: null,
  cold_storage_object_key: null,
  team_alias: null,
  team_id: null,
});

const NO_ERROR: StandardLoggingPayload['error_information'] = Object.freeze({
  error_code: '',
  error_class: '',
  llm_provider: '',
  traceback: '',
  error_message: '',
});

/** How a call ended. */
export type Ending =
  | {
      readonly endedAt: number;
      readonly response: CallResponse;
      readonly costUsd: number | null;
      /** Of an answer from a cache. */
      readonly saved: Saved | undefined;
    }
  | { readonly endedAt: number; readonly exception: CallException };

export function toStandardPayload(call: OpenCall, ending: Ending): StandardLoggingPayload {
  const { endedAt } = ending;
  const isSuccess = 'response' in ending;
  const usage = isSuccess ? ending.response.usage : null;
  const saved = isSuccess ? ending.saved : undefined;
  const status = isSuccess ? 'success' : 'failure';
  const firstAt = call.firstDeltaAt ?? endedAt;
  return deepFreeze({
    id: call.id,
    trace_id: call.runId,
    litellm_call_id: call.id,
    call_type: call.callType,
    stream: isSuccess && call.isStream ? true : null,
    response_cost: (isSuccess ? ending.costUsd : null) ?? 0,
    cost_breakdown: null,
    response_cost_failure_debug_info: null,
    status,
    status_fields: { llm_api_status: status, guardrail_status: 'not_run' },
    custom_llm_provider: call.provider,
    total_tokens: usage?.total_tokens ?? 0,
    prompt_tokens: usage?.prompt_tokens ?? 0,
    completion_tokens: usage?.completion_tokens ?? 0,
    startTime: call.startedAt / 1000,
    endTime: endedAt / 1000,
    completionStartTime: firstAt / 1000,
    response_time: ((call.isStream ? firstAt : endedAt) - call.startedAt) / 1000,
    model_map_information: { model_map_key: call.model, model_map_value: null },
    // LiteLLM writes the provider for Bedrock alone (reconstruct_model_name in core_helpers.py).
    model: call.provider === 'bedrock' ? call.fullModel : call.model,
    model_id: '',
    model_group: '',
    api_base: '',
    metadata: {
      ...PROXY_METADATA,
      requester_metadata: toMetadata(call),
      usage_object: usage,
      applied_guardrails: [],
    },
    cache_hit: saved !== undefined,
    cache_key: null,
    saved_cache_cost: saved?.costUsd ?? 0,
    request_tags: [],
    end_user: '',
    requester_ip_address: null,
    user_agent: null,
    messages: call.messages,
    response: isSuccess ? ending.response : {},
    error_str: isSuccess ? null : ending.exception.message,
    error_information: isSuccess ? NO_ERROR : toErrorInformation(ending.exception),
    model_parameters: call.parameters,
    hidden_params: {
      model_id: null,
      cache_key: null,
      api_base: null,
      response_cost: isSuccess ? ending.costUsd : null,
      litellm_overhead_time_ms: null,
      additional_headers: {},
      batch_models: null,
      litellm_model_name: call.fullModel,
      usage_object: null,
    },
    guardrail_information: null,
    standard_built_in_tools_params: { web_search_options: null, file_search: null },
  });
}

export function toMetadata({ runId, task, agent }: OpenCall): CallMetadata {
  return { run_id: runId, task, agent };
}

function toErrorInformation(exception: CallException): StandardLoggingPayload['error_information'] {
  return {
    error_code: exception.status_code === null ? '' : String(exception.status_code),
    error_class: exception.name,
    llm_provider: exception.llm_provider,
    traceback: '',
    error_message: exception.message,
  };
}

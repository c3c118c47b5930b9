/**
 * What our events are in OpenTelemetry's words: the GenAI conventions of semantic-conventions v1.41.0
 * (docs/gen-ai), the last release before they moved to a repository of their own. What they have no
 * word for is under `regatta.`.
 */
import { isJsonObject } from '../base/json.ts';
import type { RunEvent } from '../protocol/event.ts';
import type { Saved } from '../protocol/usage.ts';
import { inputMessages, outputMessages, systemInstructions, textMessage } from './genai-content.ts';
import type { Attributes, OtlpSpan } from './otlp-span.ts';

export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.41.0';

export interface SpanStart extends Pick<OtlpSpan, 'name' | 'kind'> {
  readonly attributes: Attributes;
}

/** Well-known values of `gen_ai.provider.name` that differ from our names. */
const PROVIDERS: Readonly<Record<string, string>> = Object.freeze({
  google: 'gcp.gemini',
  mistral: 'mistral_ai',
  xai: 'x_ai',
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
});

/** Name, kind and first attributes of the span that `event` starts; undefined if it starts none. */
export function startOf(event: RunEvent, captureContent: boolean): SpanStart | undefined {
  switch (event.type) {
    case 'run.start':
      return internal('invoke_workflow', event.name, {
        'gen_ai.workflow.name': event.name,
        'regatta.run_id': event.runId,
        'regatta.engine': event.engine,
        'regatta.parent_span': event.parentId,
        'gen_ai.input.messages': captureContent ? textMessage('user', JSON.stringify(event.inputs)) : null,
      });
    case 'task.start':
      return internal('invoke_workflow', event.task, {
        'gen_ai.workflow.name': event.task,
        'regatta.task': event.task,
        'gen_ai.agent.name': event.agent,
        'gen_ai.input.messages': captureContent ? textMessage('user', event.description) : null,
      });
    case 'agent.start':
      return internal('invoke_agent', event.agent, {
        'gen_ai.agent.name': event.agent,
        ...modelOf(event.model),
      });
    case 'model.start':
      return {
        name: `chat ${nameOf(event.model)}`,
        kind: 'client',
        attributes: {
          'gen_ai.operation.name': 'chat',
          ...modelOf(event.model),
          ...parametersOf(event.parameters),
          'gen_ai.request.stream': event.stream ? true : null,
          ...(captureContent
            ? {
                'gen_ai.system_instructions': systemInstructions(event.messages),
                'gen_ai.input.messages': inputMessages(event.messages),
              }
            : {}),
        },
      };
    case 'embed.start':
      return {
        name: `embeddings ${nameOf(event.model)}`,
        kind: 'client',
        attributes: {
          'gen_ai.operation.name': 'embeddings',
          ...modelOf(event.model),
          'regatta.texts': event.texts,
        },
      };
    case 'tool.start':
      return internal('execute_tool', event.tool, {
        'gen_ai.tool.name': event.tool,
        'gen_ai.tool.type': 'function',
        'gen_ai.tool.call.id': event.callId,
        'gen_ai.tool.call.arguments': captureContent ? JSON.stringify(event.args) : null,
      });
    case 'delegation.start':
      return ours(`delegate ${event.coworker}`, {
        'regatta.delegation_kind': event.kind,
        'gen_ai.input.messages': captureContent ? textMessage('user', event.instructions) : null,
      });
    case 'plan.start':
      return ours(`plan ${event.of}`, {});
    case 'step.start':
      return ours(`step ${event.step}`, {
        'gen_ai.input.messages': captureContent ? textMessage('user', event.instructions) : null,
      });
    case 'review.start':
      return ours(`review ${event.subjects.join(', ')}`, {});
    case 'decision.start':
      return ours(`decide by ${event.by}`, {});
    case 'guardrail.start':
      return ours(`guardrail ${event.guardrail}`, { 'regatta.guardrail': event.guardrail });
    case 'memory.start':
      return ours(`${event.action} ${event.store}`, { 'regatta.memory': event.store });
    case 'input.start':
      return ours(`input ${event.kind}`, {
        'regatta.input_token': event.token,
        'regatta.question': captureContent ? event.question : null,
      });
    default:
      return undefined;
  }
}

export interface SpanEnd {
  readonly attributes: Attributes;
  readonly error: string | null;
}

/** What the end of a span adds; undefined if `event` ends none. */
export function endOf(event: RunEvent, captureContent: boolean): SpanEnd | undefined {
  switch (event.type) {
    case 'run.end':
      return ended(event.error, {
        'regatta.run_status': event.status,
        'regatta.cost_usd': double(event.usage.costUsd),
        'gen_ai.output.messages': captureContent ? textMessage('assistant', textIn(event.output)) : null,
      });
    case 'task.end':
      return ended(event.error, {
        'regatta.task_status': event.status,
        'regatta.skipped_because': event.because,
        'gen_ai.output.messages':
          captureContent && event.text !== null ? textMessage('assistant', event.text) : null,
      });
    case 'agent.end':
      return ended(event.error, {
        'regatta.model_calls': event.calls,
        'gen_ai.output.messages':
          captureContent && event.text !== null ? textMessage('assistant', event.text) : null,
      });
    case 'model.end': {
      const { usage, finishReason, message, costUsd, attempts } = event;
      return ended(event.error, {
        'gen_ai.response.finish_reasons': finishReason === null ? null : [toFinishReason(finishReason)],
        'gen_ai.usage.input_tokens': usage.inputTokens,
        'gen_ai.usage.output_tokens': usage.outputTokens,
        'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens,
        'gen_ai.usage.cache_creation.input_tokens': usage.cacheWriteTokens,
        'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens,
        'regatta.cost_usd': double(costUsd),
        'regatta.attempts': attempts,
        ...savedOf(event.saved),
        'gen_ai.output.messages':
          captureContent && message !== null ? outputMessages(message, toFinishReason(finishReason)) : null,
      });
    }
    case 'embed.end':
      return ended(event.error, {
        'gen_ai.usage.input_tokens': event.usage.inputTokens,
        'gen_ai.embeddings.dimension.count': event.dimensions,
        'regatta.cost_usd': double(event.costUsd),
        'regatta.attempts': event.attempts,
        ...savedOf(event.saved),
      });
    case 'tool.end':
      return ended(event.error, { 'gen_ai.tool.call.result': captureContent ? event.result : null });
    case 'delegation.end':
    case 'step.end':
      return ended(event.error, {
        'gen_ai.output.messages':
          captureContent && event.text !== null ? textMessage('assistant', event.text) : null,
      });
    case 'plan.end':
      return ended(event.error, { 'regatta.plan_items': event.items.length });
    case 'review.end':
      return ended(event.error, { 'regatta.accepted': event.accepted });
    case 'decision.end':
      return ended(event.error, { 'regatta.winner': event.winner });
    case 'guardrail.end':
      return ended(event.error, {
        'regatta.accepted': event.accepted,
        'regatta.feedback': captureContent ? event.feedback : null,
      });
    case 'memory.end':
      return ended(event.error, { 'regatta.memory_count': event.count });
    case 'input.end':
      return ended(event.error, {
        'regatta.answer': captureContent && event.answer !== null ? JSON.stringify(event.answer) : null,
      });
    default:
      return undefined;
  }
}

/** What happens within a span, as an event of it. */
export function eventOf(
  event: RunEvent,
  captureContent: boolean,
): { readonly name: string; readonly attributes: Attributes } | undefined {
  if (event.type === 'model.retry') {
    const { attempt, delayMs, error } = event;
    return {
      name: 'regatta.model_retry',
      attributes: {
        'regatta.attempt': attempt,
        'regatta.delay_ms': Math.round(delayMs),
        'error.type': error.code,
      },
    };
  }
  if (event.type === 'task.retry') {
    return {
      name: 'regatta.task_retry',
      attributes: { 'regatta.attempt': event.attempt, 'error.type': event.error.code },
    };
  }
  if (event.type === 'output.rejected') {
    return {
      name: 'regatta.output_rejected',
      attributes: { 'regatta.problems': captureContent ? event.problems : null },
    };
  }
  return undefined;
}

/** What the conventions have no operation for. */
function ours(name: string, attributes: Attributes): SpanStart {
  return { name, kind: 'internal', attributes };
}

function internal(operation: string, name: string, attributes: Attributes): SpanStart {
  return {
    name: `${operation} ${name}`,
    kind: 'internal',
    attributes: { 'gen_ai.operation.name': operation, ...attributes },
  };
}

function ended(
  error: { readonly code: string; readonly message: string } | null,
  attributes: Attributes,
): SpanEnd {
  return { attributes: { ...attributes, 'error.type': error?.code }, error: error?.message ?? null };
}

/** What a cache saved; usage and cost of such a call are 0. */
function savedOf(saved: Saved | undefined): Attributes {
  if (saved === undefined) return {};
  return {
    'regatta.cache_hit': true,
    'regatta.saved.input_tokens': saved.usage.inputTokens,
    'regatta.saved.output_tokens': saved.usage.outputTokens,
    'regatta.saved.cost_usd': double(saved.costUsd),
  };
}

function modelOf(model: string): Attributes {
  const provider = model.slice(0, Math.max(model.indexOf('/'), 0));
  return {
    'gen_ai.provider.name': provider === '' ? null : (PROVIDERS[provider] ?? provider),
    'gen_ai.request.model': nameOf(model),
  };
}

function nameOf(model: string): string {
  return model.slice(model.indexOf('/') + 1);
}

function parametersOf(parameters: unknown): Attributes {
  if (!isJsonObject(parameters)) return {};
  const { temperature, topP, maxTokens, seed, stop, presencePenalty, frequencyPenalty } = parameters;
  return {
    'gen_ai.request.temperature': double(temperature),
    'gen_ai.request.top_p': double(topP),
    'gen_ai.request.max_tokens': typeof maxTokens === 'number' ? maxTokens : null,
    'gen_ai.request.seed': typeof seed === 'number' ? seed : null,
    'gen_ai.request.stop_sequences': Array.isArray(stop) ? stop.map(String) : null,
    'gen_ai.request.presence_penalty': double(presencePenalty),
    'gen_ai.request.frequency_penalty': double(frequencyPenalty),
  };
}

function double(value: unknown): { readonly double: number } | null {
  return typeof value === 'number' ? { double: value } : null;
}

function toFinishReason(reason: string | null): string {
  if (reason === 'tool-calls') return 'tool_call';
  if (reason === 'content-filter') return 'content_filter';
  return reason ?? 'stop';
}

function textIn(output: unknown): string {
  return isJsonObject(output) && typeof output.text === 'string' ? output.text : JSON.stringify(output);
}

/**
 * What must be remembered between the start of a model call and its end.
 *
 * Entries go with the end of their span, which always comes and is never dropped, so nothing is left
 * of a finished run. A start may have been dropped by a full lane: then the end stands for both.
 */
import { deepFreeze } from '../../base/json.ts';
import type { EventType, RunEvent } from '../../protocol/event.ts';
import { type OpenAIMessage, toOpenAIMessages } from './openai-message.ts';

export type EventOf<Type extends EventType> = Extract<RunEvent, { readonly type: Type }>;

/** LiteLLM's words for what is called; both are those of its async functions. */
export type CallType = 'acompletion' | 'aembedding';

export interface OpenCall {
  /** The call's span. */
  readonly id: string;
  readonly runId: string;
  readonly provider: string;
  /** Without the provider. */
  readonly model: string;
  /** As it is written in definitions: `provider/model`. */
  readonly fullModel: string;
  readonly callType: CallType;
  readonly task: string | null;
  readonly agent: string | null;
  /** None for embeddings: events do not hold their texts. */
  readonly messages: readonly OpenAIMessage[];
  /** Settings in LiteLLM's names, and the tools. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly isStream: boolean;
  readonly startedAt: number;
  /** Time of the first piece; null as long as there is none. */
  readonly firstDeltaAt: number | null;
}

interface Place {
  readonly parentId: string | null;
  readonly task: string | null;
  readonly agent: string | null;
}

/** LiteLLM's names of our settings. Others pass as they are. */
const PARAMETERS: Readonly<Record<string, string>> = Object.freeze({
  topP: 'top_p',
  maxTokens: 'max_tokens',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
});

export class OpenCalls {
  readonly #calls = new Map<string, OpenCall>();
  /** Open tasks and agents by span, so that a call knows where it is. */
  readonly #places = new Map<string, Place>();

  /** Spans that are remembered. */
  get size(): number {
    return this.#calls.size + this.#places.size;
  }

  enter(event: EventOf<'task.start' | 'agent.start'>): void {
    const task = event.type === 'task.start' ? event.task : null;
    this.#places.set(event.spanId, { parentId: event.parentId, task, agent: event.agent });
  }

  leave(event: EventOf<'task.end' | 'agent.end'>): void {
    this.#places.delete(event.spanId);
  }

  open(event: EventOf<'model.start'>): OpenCall {
    const { parameters, tools, stream } = event;
    const call = Object.freeze({
      ...this.#describe(event),
      messages: toOpenAIMessages(event.messages),
      parameters: toParameters({ parameters, tools, stream }),
      isStream: stream,
    });
    this.#calls.set(event.spanId, call);
    return call;
  }

  openEmbedding(event: EventOf<'embed.start'>): OpenCall {
    const call = this.#bare(event, event.model);
    this.#calls.set(event.spanId, call);
    return call;
  }

  /** The call as it stood before this piece, so that the first piece can be told. */
  delta(event: EventOf<'model.delta'>): OpenCall {
    const call = this.#calls.get(event.spanId) ?? this.#bare(event, '');
    if (call.firstDeltaAt === null) {
      this.#calls.set(event.spanId, Object.freeze({ ...call, firstDeltaAt: event.time }));
    }
    return call;
  }

  /** A retry makes the pieces before it void. */
  retry({ spanId }: EventOf<'model.retry'>): void {
    const call = this.#calls.get(spanId);
    if (call) this.#calls.set(spanId, Object.freeze({ ...call, firstDeltaAt: null }));
  }

  close(event: EventOf<'model.end' | 'embed.end'>): OpenCall {
    const call = this.#calls.get(event.spanId);
    this.#calls.delete(event.spanId);
    if (call === undefined) return this.#bare(event, event.model);
    // A fallback may have answered: the end names it, the start named who was asked first.
    return Object.freeze({ ...call, ...namesOf(event.model) });
  }

  #bare(event: RunEvent, model: string): OpenCall {
    return Object.freeze({
      ...this.#describe({ ...event, model }),
      messages: [],
      parameters: {},
      isStream: event.type === 'model.delta',
    });
  }

  #describe(
    event: RunEvent & { readonly model: string },
  ): Omit<OpenCall, 'messages' | 'parameters' | 'isStream'> {
    const { spanId, runId, model: fullModel, time } = event;
    return {
      id: spanId,
      runId,
      ...namesOf(fullModel),
      callType: event.type.startsWith('embed') ? 'aembedding' : 'acompletion',
      ...this.#placeOf(event),
      startedAt: time,
      firstDeltaAt: null,
    };
  }

  #placeOf({ parentId }: RunEvent): Pick<OpenCall, 'task' | 'agent'> {
    let task: string | null = null;
    let agent: string | null = null;
    for (let id = parentId; id !== null; ) {
      const place = this.#places.get(id);
      if (place === undefined) break;
      task ??= place.task;
      agent ??= place.agent;
      id = place.parentId;
    }
    return { task, agent };
  }
}

function toParameters({
  parameters,
  tools,
  stream,
}: Pick<EventOf<'model.start'>, 'parameters' | 'tools' | 'stream'>): OpenCall['parameters'] {
  const named: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== null) named[PARAMETERS[key] ?? key] = structuredClone(value);
  }
  if (tools.length > 0) named.tools = tools.map((name) => ({ type: 'function', function: { name } }));
  if (stream) named.stream = true;
  return deepFreeze(named);
}

function namesOf(fullModel: string): Pick<OpenCall, 'provider' | 'model' | 'fullModel'> {
  const slash = fullModel.indexOf('/');
  return {
    provider: fullModel.slice(0, Math.max(slash, 0)),
    model: fullModel.slice(slash + 1),
    fullModel,
  };
}

/** The seam to every model. */

import type { JsonObject } from '../base/json.ts';
import type { Secret } from '../base/secret.ts';
import type { FinishReason } from '../protocol/event.ts';
import type { AssistantMessage, Message, Source } from '../protocol/message.ts';
import type { ErrorData } from '../protocol/output.ts';
import type { Price, Saved, Usage } from '../protocol/usage.ts';
import type { CallContext } from './call-context.ts';
import type { CachePolicy } from './reply-store.ts';
import type { Scope } from './scope.ts';

/** A tool as a model is told of it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
}

export interface ModelRequest {
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
  readonly toolChoice: ToolChoice;
  /** The shape that the final answer should have. Native where the provider can. */
  readonly output: OutputShape | null;
  /** In place of the settings' stop sequences; empty = send none. */
  readonly stop?: readonly string[] | undefined;
  /** Counts from 1. */
  readonly attempt: number;
}

/** `none` offers the tools for reading the history, but forbids calling them; `tool` is one that must be called. */
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly tool: string };

export interface OutputShape {
  readonly name: string;
  readonly schema: JsonObject;
  /** Whether the messages already ask for the shape. @default false: they are made to, where it is not native */
  readonly isInPrompt?: boolean;
  /** The provider is to be asked for a JSON object of any shape, in place of the schema. @default false */
  readonly isAnyObject?: boolean;
}

export interface ModelReply {
  readonly message: AssistantMessage;
  readonly finishReason: FinishReason;
  readonly usage: Usage;
  /** As the provider names what answered; null where it does not say. */
  readonly modelId: string | null;
  readonly responseId: string | null;
  /** What the answer cites. Absent = nothing. */
  readonly sources?: readonly Source[];
  /** `provider/model` that was asked. Written by the layer that meters: a model leaves it out. */
  readonly model?: string;
  /** What the answer cost; likewise. */
  readonly costUsd?: number | null;
  /** Written by a cache whose reply this is: `usage` and `costUsd` are 0 then. */
  readonly saved?: Saved;
}

/** News of a call under way. */
export type ModelEvent =
  | {
      readonly type: 'delta';
      readonly kind: 'text' | 'reasoning' | 'tool-call';
      readonly text: string;
      readonly tool: string | null;
    }
  | {
      readonly type: 'retry';
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: ErrorData;
      /** What is asked next. Absent = the same model. */
      readonly model?: string;
    };

/**
 * Takes the news of a call, in order. Await what it gives before more is told: undefined = at once. It never
 * rejects.
 *
 * @throws the signal's reason once nobody waits for the call any more.
 */
export type TellNews = (news: ModelEvent) => Promise<unknown> | undefined;

/** Counts as a model's provider does. */
export interface TokenCounter {
  /** Tokens of a text. Synchronous: a conversation is counted again and again. */
  count(text: string): number;
  /** Tokens of a message beside its text. */
  readonly messageTokens: number;
  /** Tokens of a request beside its messages. */
  readonly requestTokens: number;
  /** Whether the provider counts messages of text the same. */
  readonly isExact: boolean;
}

/**
 * A language model.
 *
 * `call` tells news and returns the reply: streaming and not are one path. It tells deltas only if
 * `context.wantsDeltas`; without them it may ask for the answer in one piece. It makes one request
 * and never retries by itself. It stops when `context.signal` is aborted.
 *
 * It fails with a RegattaError `model/*`.
 */
export interface Model {
  /** `provider/model`. */
  readonly id: string;
  call(request: ModelRequest, context: CallContext, tell: TellNews): Promise<ModelReply>;
  /** Known prices; absent = unknown, and the cost is `null`. */
  readonly price?: Price | undefined;
  /** Settings for events, such as temperature. Never secrets. */
  readonly parameters?: JsonObject | undefined;
  /** Whether it takes the schema of an answer: then the prompt need not ask for the shape. @default 'never' */
  readonly takesSchema?: Takes | undefined;
  /** Whether it can be held to a JSON object of any shape, where it takes no schema. @default 'never' */
  readonly takesJson?: Takes | undefined;
  /** Tokens that prompt and answer may have together. Absent = not known, and nobody makes a prompt fit. */
  readonly contextWindow?: number | undefined;
  /** Loads what counts its tokens; gives undefined where that is not there. Absent = they are estimated. */
  readonly loadCounter?: (() => Promise<TokenCounter | undefined>) | undefined;
}

/** `without-tools`: in calls that offer none. */
export type Takes = 'always' | 'without-tools' | 'never';

/** How often and when a failed call is tried again. */
export interface RetryPolicy {
  /** Attempts in all, at least 1. */
  readonly maxAttempts: number;
  /** The first pause, doubled each time, with full jitter. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Whether an answer that has begun to arrive may be thrown away and asked for again. */
  readonly retry: 'before-first-delta' | 'always';
}

/** How long to wait for what, in milliseconds. What is absent is not limited. */
export interface Timeouts {
  /** For a connection to the provider. */
  readonly connectMs?: number;
  /** From the request to the first piece of a streamed answer. */
  readonly firstTokenMs?: number;
  /** Between two pieces of a streamed answer. */
  readonly idleMs?: number;
}

/** When a model that keeps failing is left alone. */
export interface CircuitPolicy {
  /** Calls in a row that fail, retries included, until it is not asked any more. */
  readonly breakAfter: number;
  /** Milliseconds until one call may try again: its outcome closes the circuit, or keeps it open. */
  readonly breakMs: number;
}

/** Settings of a model, checked. What is absent is the provider's default. */
export interface ModelSettings {
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly apiKey?: Secret;
  readonly baseURL?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof globalThis.fetch;
  /** Passed through to the provider package, by provider name. */
  readonly providerOptions?: Readonly<Record<string, JsonObject>>;
  /** Which of the provider's interfaces to use where it has several (OpenAI). */
  readonly api?: 'chat' | 'responses';
  readonly price?: Price;
  /** Tokens that prompt and answer may have together. */
  readonly contextWindow?: number;
  /** Milliseconds for one attempt, from the request to the end of the answer. */
  readonly timeoutMs: number;
  readonly timeouts?: Timeouts;
  readonly retry: RetryPolicy;
  /** Absent = it is always asked. */
  readonly circuit?: CircuitPolicy;
  /** Absent = replies are not kept. */
  readonly cache?: CachePolicy;
}

/** `new LLM({…})` as data; the runtime resolves it to a `Model`. */
export interface LlmDefinition {
  /** `provider/model`, a `Model`, or a model object of another library that a provider can adopt. */
  readonly model: string | object;
  readonly settings: ModelSettings;
  /** Asked in this order where the model before it fails for a reason of its own. */
  readonly fallback: readonly LlmDefinition[];
  readonly scope: Scope;
}

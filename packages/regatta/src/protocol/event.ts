/**
 * Everything that happens in a run, as one union of plain frozen data.
 *
 * A `start` is followed by exactly one `end` of the same span, also when the work fails or is
 * cancelled. Only `run/` stamps events; whoever works tells bodies.
 */
import type { Json, JsonObject } from '../base/json.ts';
import type { InputAnswer, PendingInput } from './input.ts';
import type { AssistantMessage, Message } from './message.ts';
import type { ErrorData, RunStatus, SkipReason, TaskStatus } from './output.ts';
import type { TeamEvent } from './team-event.ts';
import type { Saved, Usage, UsageReport } from './usage.ts';

/** Why a model stopped. `null` = the provider did not say. */
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'pause' | 'error' | null;

/** What every event carries. */
export interface EventEnvelope {
  /** Unique, and the same when a resumed run repeats the step: made of the span and the kind. */
  readonly id: string;
  readonly runId: string;
  /** Grows by one with each event of the run, from 0. The order of events; never use `time` for it. */
  readonly seq: number;
  /** Present in a run that was resumed: how often it was taken up, from 2. `seq` begins anew with each. */
  readonly epoch?: number;
  /** The span that this event belongs to. Made of the run's id and the step's place in the run. */
  readonly spanId: string;
  /** The enclosing span; null for a run that no other run started. */
  readonly parentId: string | null;
  /** Wall clock, milliseconds since the epoch. */
  readonly time: number;
  /** The task and the agent that the span belongs to; null outside of any. */
  readonly task: string | null;
  readonly agent: string | null;
}

export interface RunStart {
  readonly type: 'run.start';
  readonly name: string;
  /** Where the run executes: `local`, `threads`, … */
  readonly engine: string;
  readonly inputs: Json;
}
export interface RunEnd {
  readonly type: 'run.end';
  readonly status: RunStatus;
  readonly output: Json;
  readonly error: ErrorData | null;
  readonly usage: UsageReport;
}
export interface TaskStart {
  readonly type: 'task.start';
  readonly task: string;
  readonly agent: string;
  /** Interpolated. */
  readonly description: string;
}
export interface TaskEnd {
  readonly type: 'task.end';
  readonly task: string;
  readonly status: TaskStatus;
  /** The answer as text; null unless `done`. */
  readonly text: string | null;
  readonly parsed: Json;
  readonly error: ErrorData | null;
  /** For `skipped`: the task that did not succeed; null where its own condition said no. */
  readonly because: string | null;
  /** Present for `skipped`. */
  readonly reason?: SkipReason;
}
/** A task failed, and is done anew. */
export interface TaskRetry {
  readonly type: 'task.retry';
  readonly task: string;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  readonly error: ErrorData;
}
/** One look of one guardrail at one answer. */
export interface GuardrailStart {
  readonly type: 'guardrail.start';
  readonly guardrail: string;
  readonly text: string;
}
export interface GuardrailEnd {
  readonly type: 'guardrail.end';
  readonly guardrail: string;
  /** Null when it failed, which is no verdict. */
  readonly accepted: boolean | null;
  /** What the agent is told; null unless rejected. */
  readonly feedback: string | null;
  /** Used in place of the answer; null = the answer stays. */
  readonly text: string | null;
  readonly error: ErrorData | null;
}
export interface AgentStart {
  readonly type: 'agent.start';
  readonly agent: string;
  readonly model: string;
  readonly tools: readonly string[];
}
export interface AgentEnd {
  readonly type: 'agent.end';
  readonly agent: string;
  /** Model calls made. */
  readonly calls: number;
  readonly text: string | null;
  readonly error: ErrorData | null;
}
/** A logical call of a model; its attempts are in `model.retry` and in the ledger. */
export interface ModelStart {
  readonly type: 'model.start';
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly string[];
  /** Settings of the call, such as temperature. Never keys, headers or other secrets. */
  readonly parameters: JsonObject;
  /** Whether the answer is asked for in pieces. */
  readonly stream: boolean;
}
/** A piece of an answer while it is written. Void once a `model.retry` follows its attempt. */
export interface ModelDelta {
  readonly type: 'model.delta';
  readonly attempt: number;
  /** Pieces of tool calls carry the arguments' JSON text. */
  readonly kind: 'text' | 'reasoning' | 'tool-call';
  readonly text: string;
  /** For `tool-call`. */
  readonly tool: string | null;
}
export interface ModelRetry {
  readonly type: 'model.retry';
  /**
   * The attempt that failed, from 1. One that was never made, such as at an open circuit, counts here,
   * and is not in the ledger.
   */
  readonly attempt: number;
  readonly delayMs: number;
  /** What is asked next: the same model, or one that was named as `fallback`. */
  readonly model: string;
  readonly error: ErrorData;
}
export interface ModelEnd {
  readonly type: 'model.end';
  /** What answered, or failed last. */
  readonly model: string;
  /** Null when the call failed. */
  readonly message: AssistantMessage | null;
  readonly finishReason: FinishReason;
  /** Of the last attempt; the ledger has all. */
  readonly usage: Usage;
  readonly costUsd: number | null;
  readonly attempts: number;
  readonly error: ErrorData | null;
  /** Present where the reply came from a cache: no request was made, `usage` is 0, and the ledger has no entry. */
  readonly saved?: Saved;
}
/** One request for embeddings. The texts and their vectors are not told: they may be a library. */
export interface EmbedStart {
  readonly type: 'embed.start';
  readonly model: string;
  /** How many. */
  readonly texts: number;
}
export interface EmbedEnd {
  readonly type: 'embed.end';
  readonly model: string;
  readonly texts: number;
  /** Length of the vectors; null when the call failed. */
  readonly dimensions: number | null;
  /** Of the last attempt; the ledger has all. */
  readonly usage: Usage;
  readonly costUsd: number | null;
  readonly attempts: number;
  readonly error: ErrorData | null;
  /** Present where the vectors came from a cache: no request was made, `usage` is 0, and the ledger has no entry. */
  readonly saved?: Saved;
}
export interface ToolStart {
  readonly type: 'tool.start';
  readonly tool: string;
  readonly callId: string;
  readonly args: Json;
}
export interface ToolEnd {
  readonly type: 'tool.end';
  readonly tool: string;
  readonly callId: string;
  /** What the model is told. */
  readonly result: string;
  readonly error: ErrorData | null;
  /** Present where the result was kept from an earlier use, or one at the same time: the tool did not run. */
  readonly cached?: true;
  /** Present where it was tried more than once. */
  readonly attempts?: number;
}
/** A store of memories or knowledge is asked, or told. What it gives is in the prompt. */
export interface MemoryStart {
  readonly type: 'memory.start';
  readonly store: string;
  readonly action: 'recall' | 'remember';
}
export interface MemoryEnd {
  readonly type: 'memory.end';
  readonly store: string;
  readonly action: 'recall' | 'remember';
  /** What it gave; 0 for `remember`. */
  readonly count: number;
  /** The agent goes on without it, or fails: by its `onMemoryFailure`. */
  readonly error: ErrorData | null;
}
/** The run waits for a person: whoever has the token may answer, once. */
export interface InputStart extends Omit<PendingInput, 'runId' | 'task' | 'agent'> {
  readonly type: 'input.start';
}
export interface InputEnd {
  readonly type: 'input.end';
  readonly token: string;
  /** Null where nobody answered in time, or the run ended first. */
  readonly answer: InputAnswer | null;
  readonly error: ErrorData | null;
}
/** An answer did not fit the output schema; the model is told why and answers again, while it may. */
export interface OutputRejected {
  readonly type: 'output.rejected';
  readonly text: string;
  readonly problems: string;
}
/** A conversation had no room in the model's context window, and was made shorter. */
export interface ContextTrim {
  readonly type: 'context.trim';
  readonly model: string;
  /** `window`: the request was too long by our count; `provider`: by the provider's, which refused it. */
  readonly because: 'window' | 'provider';
  /** Of the whole request, before and after. */
  readonly beforeTokens: number;
  readonly afterTokens: number;
  /** What the request may take: the window less the answer's share. */
  readonly limitTokens: number;
  /** Whether the provider would count the same; else it is an estimate with a margin. */
  readonly isExact: boolean;
  /** Results of tools that were shortened. */
  readonly shortened: number;
  /** Messages that a summary stands for now. */
  readonly summarised: number;
  /** Messages that were left out. */
  readonly dropped: number;
  /** Why there is no summary where one was asked for. */
  readonly error: ErrorData | null;
}
/** Events that a bounded buffer or a lane could not keep: `fromSeq` to `toSeq`, both included. */
export interface EventsGap {
  readonly type: 'events.gap';
  readonly fromSeq: number;
  readonly toSeq: number;
}

export type EventBody =
  | RunStart
  | RunEnd
  | TaskStart
  | TaskEnd
  | TaskRetry
  | GuardrailStart
  | GuardrailEnd
  | AgentStart
  | AgentEnd
  | ModelStart
  | ModelDelta
  | ModelRetry
  | ModelEnd
  | EmbedStart
  | EmbedEnd
  | ToolStart
  | ToolEnd
  | MemoryStart
  | MemoryEnd
  | InputStart
  | InputEnd
  | TeamEvent
  | OutputRejected
  | ContextTrim;

export type RunEvent = EventEnvelope & EventBody;
export type EventType = RunEvent['type'];

/** What a reader of a run's events gets: the events, and where some are missing, a mark. */
export type ReadableEvent = RunEvent | EventsGap;

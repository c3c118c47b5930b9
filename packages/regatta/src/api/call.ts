/** One call of an LLM: what it is asked with, and what comes out. */
import { deepFreeze, type Json, toJson, toJsonOr } from '../base/json.ts';
import { Problems, show } from '../base/problems.ts';
import { type Contract, createContract, type InferSchema, type Schema } from '../base/schema.ts';
import { type Answered, askModel, isRefusal, type Question } from '../model/ask.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { Job } from '../ports/engine.ts';
import type { LlmDefinition, ToolChoice } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Tool } from '../ports/tool.ts';
import type { FinishReason } from '../protocol/event.ts';
import {
  type AssistantMessage,
  type Message,
  type Source,
  type ToolCallPart,
  textOf,
  toolCallsOf,
} from '../protocol/message.ts';
import type { Saved, Usage, UsageReport } from '../protocol/usage.ts';
import type { Callback } from './callback.ts';
import type { RuntimeHolder } from './core.ts';

/** A text, which is one message of the user, or a whole conversation. */
export type CallInput = string | readonly Message[];

export interface CallOptions<Output extends Schema | undefined = Schema | undefined> {
  /** Offered to the model; it is told of them, and nothing runs them. */
  readonly tools?: readonly Tool[];
  /** `{ tool }` names the one that must be called. @default 'auto' */
  readonly toolChoice?: ToolChoice;
  /** The shape that the answer must have: native where the provider can, else asked for, mended and checked. */
  readonly output?: Output;
  /** Answers that may be sent back because they do not have the shape. @default 2 */
  readonly maxOutputRetries?: number;
  readonly signal?: AbortSignal;
  readonly callbacks?: readonly Callback[];
  /** What this call may spend, retries included. @default no limit */
  readonly budget?: BudgetLimits;
  /** Ask for the answer in pieces; they are `model.delta` events. `llm.stream` always does. @default false */
  readonly stream?: boolean;
  /** @default the process's */
  readonly runtime?: RuntimeHolder;
}

/** What every kind of result has. */
export interface CallFacts {
  /** The answer's text, whatever else it is; empty where there is none. */
  readonly text: string;
  /** The whole answer, to be sent back in a conversation. */
  readonly message: AssistantMessage;
  readonly finishReason: FinishReason;
  /** Of the attempt that answered; `report` has all of them. */
  readonly usage: Usage;
  /** USD of the attempt that answered; null = no price is known. */
  readonly costUsd: number | null;
  /** Requests made, those that failed and those that were sent back included. */
  readonly attempts: number;
  /** What the answer took when it was made, where it came from a cache; null where it was made for this call. */
  readonly saved: Saved | null;
  /** `provider/model` that answered: the LLM's own, or one of its `fallback`. */
  readonly model: string;
  /** As the provider names what answered; null where it does not say. */
  readonly modelId: string | null;
  readonly responseId: string | null;
  /** What the answer cites. */
  readonly sources: readonly Source[];
  readonly runId: string;
  /** All that the call used. */
  readonly report: UsageReport;
}

export interface TextResult extends CallFacts {
  readonly kind: 'text';
}
/** The model asks for tools; answer with a message of role `tool` for each, and call again. */
export interface ToolCallsResult extends CallFacts {
  readonly kind: 'tool-calls';
  readonly toolCalls: readonly ToolCallPart[];
}
export interface ObjectResult<T> extends CallFacts {
  readonly kind: 'object';
  readonly object: T;
}
/** The model, or its provider's filter, has declined. */
export interface RefusalResult extends CallFacts {
  readonly kind: 'refusal';
  /** In the model's words, or ours where it has none. */
  readonly reason: string;
}

/** By `kind`: a text without an `output` schema, an object with one; tool calls or a refusal in any case. */
export type CallResult<Output extends Schema | undefined = undefined> =
  | (undefined extends Output ? TextResult : never)
  | ([Exclude<Output, undefined>] extends [never]
      ? never
      : ObjectResult<InferSchema<Exclude<Output, undefined>>>)
  | ToolCallsResult
  | RefusalResult;

const MAX_OUTPUT_RETRIES = 2;
const FILTERED = "The provider's content filter withheld the answer.";

/** @throws RegattaError `definition/invalid` or `schema/unsupported`. */
export function createQuestion(input: CallInput, options: CallOptions): Question {
  const { tools = [], toolChoice = 'auto', output, maxOutputRetries = MAX_OUTPUT_RETRIES } = options;
  const problems = new Problems('The call');
  if (typeof input === 'string' ? input === '' : !Array.isArray(input) || input.length === 0) {
    problems.add(
      'input',
      input,
      `The input must be a text or messages, got ${show(input)}. Say what is asked.`,
    );
  }
  if (typeof toolChoice === 'object' && !tools.some(({ name }) => name === toolChoice.tool)) {
    problems.add(
      'toolChoice',
      toolChoice,
      `toolChoice names the tool "${toolChoice.tool}", which is not offered. Add it to tools, or choose another.`,
    );
  }
  problems.integer('maxOutputRetries', maxOutputRetries, 0);
  problems.throwIfAny();
  // A copy, since the call goes on while the caller has the messages. Messages are JSON.
  const messages = toJson(
    typeof input === 'string' ? [{ role: 'user', content: input }] : input,
  ) as unknown as readonly Message[];
  const contract: Contract | null =
    output === undefined ? null : createContract(output, 'The output of llm.call');
  return {
    request: { messages, tools, toolChoice: tools.length > 0 ? toolChoice : 'none' },
    contract,
    maxOutputRetries,
  };
}

export function callJob<Output extends Schema | undefined>(
  llm: LlmDefinition | undefined,
  question: Question,
): Job<CallResult<Output>> {
  return {
    name: 'llm.call',
    inputs: null,
    ref: null,
    // By the schema, and the only kinds that a question with or without one can have.
    start: (context) => callOnce(llm, question, context) as Promise<CallResult<Output>>,
    show: showResult,
    entries: () => new Map(),
    revive: () => Promise.reject(new Error('A call has no ref, so it never leaves this thread.')),
  };
}

/** Made of what is plain already; only what a schema made may not be. */
function showResult({ report: _, message: __, ...output }: CallResult<Schema | undefined>): Json {
  const shown = 'object' in output ? { ...output, object: toJsonOr(output.object, null) } : output;
  return deepFreeze(shown) as unknown as Json; // see above
}

async function callOnce(
  llm: LlmDefinition | undefined,
  question: Question,
  context: RunContext,
): Promise<CallResult<Schema | undefined>> {
  const model = context.resolveModel(llm, 'The call');
  const answered = await askModel(model, question, context);
  const { reply } = answered;
  const { message, finishReason, usage, modelId, responseId, sources = [] } = reply;
  const report = context.meter.report();
  const facts: CallFacts = {
    text: textOf(message),
    message,
    finishReason,
    usage,
    costUsd: reply.costUsd ?? null,
    attempts: report.attempts,
    saved: reply.saved ?? null,
    model: reply.model ?? model.id,
    modelId,
    responseId,
    sources,
    runId: context.runId,
    report,
  };
  return Object.freeze(toResult(answered, facts, question.contract !== null));
}

function toResult(
  { reply, parsed }: Answered,
  facts: CallFacts,
  isTyped: boolean,
): CallResult<Schema | undefined> {
  const { text } = facts;
  if (isRefusal(reply)) return { kind: 'refusal', reason: text.trim() === '' ? FILTERED : text, ...facts };
  const toolCalls = toolCallsOf(reply.message);
  if (toolCalls.length > 0) return { kind: 'tool-calls', toolCalls, ...facts };
  return isTyped
    ? ({ kind: 'object', object: parsed, ...facts } as ObjectResult<never>)
    : { kind: 'text', ...facts };
}

/**
 * The agent loop: messages → model → tools → messages, until there is an answer.
 *
 * The loop yields what happens and returns what came out. It knows no observer, ledger, journal or
 * retry: those wrap the model and the tools, or read the events.
 */
import { CancelScope, untilAborted } from '../base/abort.ts';
import { toErrorData } from '../base/error-data.ts';
import { RegattaError } from '../base/errors.ts';
import type { Contract } from '../base/schema.ts';
import { EMPTY_ANSWER_FEEDBACK, FINAL_ANSWER_REQUEST } from '../context/prompt.ts';
import { checkAnswer, rejectionFeedback } from '../model/answer.ts';
import { callModel } from '../model/call-model.ts';
import type { Model } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Scope } from '../ports/scope.ts';
import type { Work } from '../ports/span.ts';
import type { Tool } from '../ports/tool.ts';
import { type Message, textOf, toolCallsOf } from '../protocol/message.ts';
import { callTools } from '../tool/call-tools.ts';
import { finalResult } from '../tool/final-result.ts';
import type { AgentDefinition } from './definition.ts';

/** One piece of work for an agent. */
export interface AgentAssignment {
  /** The opening of the conversation: who the agent is, and what is asked. */
  readonly messages: readonly Message[];
  readonly model: Model;
  /** Observers of the model's calls alone. */
  readonly modelScope: Scope;
  readonly tools: readonly Tool[];
  /** The shape of the answer; null = free text. */
  readonly contract: Contract | null;
  /** How it goes about it. @default `converse` */
  readonly way?: Way | undefined;
}

/** What an agent does between its start and its end. */
export type Way = (
  agent: AgentDefinition,
  assignment: Tallied,
  context: RunContext,
) => Work<Omit<AgentAnswer, 'calls'>>;

export interface AgentAnswer {
  readonly text: string;
  /** By the contract; undefined without one. */
  readonly parsed: unknown;
  readonly calls: number;
  /** The conversation, the answer included: to go on with it. */
  readonly messages: readonly Message[];
}

/**
 * Works until there is an answer, at most `maxIter` turns with tools, one forced final answer, and
 * `maxOutputRetries` corrections.
 *
 * @throws RegattaError `agent/timeout`, `agent/no-answer`, `output/invalid`, or what the model throws.
 */
export async function* runAgent(
  agent: AgentDefinition,
  assignment: AgentAssignment,
  context: RunContext,
): Work<AgentAnswer> {
  const { role, maxExecutionTimeMs } = agent;
  const { span } = context;
  const deadline =
    maxExecutionTimeMs === undefined ? undefined : openDeadline(role, maxExecutionTimeMs, context);
  const tally = { calls: 0 };
  const tools = Object.freeze(assignment.tools.map(({ name }) => name));
  yield { span, body: { type: 'agent.start', agent: role, model: assignment.model.id, tools } };
  try {
    const { way = converse } = assignment;
    const { text, parsed, messages } = yield* way(
      agent,
      { ...assignment, tally },
      deadline === undefined ? context : context.withSignal(deadline.signal),
    );
    yield { span, body: { type: 'agent.end', agent: role, calls: tally.calls, text, error: null } };
    return { text, parsed, messages, calls: tally.calls };
  } catch (thrown) {
    const error = toErrorData(thrown);
    yield { span, body: { type: 'agent.end', agent: role, calls: tally.calls, text: null, error } };
    throw thrown;
  } finally {
    deadline?.close();
  }
}

export interface Tallied extends AgentAssignment {
  /** Written as calls are made, so that a failure can still say how many there were. */
  readonly tally: { calls: number };
}

/** Messages → model → tools → messages, until there is an answer. */
export async function* converse(
  agent: AgentDefinition,
  { model, modelScope, tools, contract, messages: opening, tally }: Tallied,
  context: RunContext,
): Work<Omit<AgentAnswer, 'calls'>> {
  const messages = [...opening];
  const output = contract === null ? null : { name: 'answer', schema: contract.jsonSchema, isInPrompt: true };
  let rejections = 0;
  let mayUseTools = tools.length > 0;
  for (let turn = 1; turn <= agent.maxIter + 1 + rejections; turn++) {
    context.signal.throwIfAborted();
    if (mayUseTools && turn > agent.maxIter) {
      mayUseTools = false;
      messages.push(FINAL_ANSWER_REQUEST);
    }
    const toolChoice = mayUseTools ? 'auto' : 'none';
    const call = context.child(`turn-${turn}`, { scope: modelScope });
    tally.calls++;
    const { message, finishReason } = yield* callModel(model, { messages, tools, toolChoice, output }, call);
    messages.push(message);
    const calls = toolCallsOf(message);
    if (calls.length > 0 && mayUseTools) {
      const results = yield* callTools({ tools, calls, turn }, context);
      messages.push(...results);
      const final = finalResult(tools, results);
      if (final === undefined) continue;
      const { content } = final;
      if (contract === null) return { text: content, parsed: undefined };
      const fit = await untilAborted(checkAnswer(content, contract, 'stop'), context.signal, context.orphan);
      if (fit.isValid) return { text: content, parsed: fit.value };
      continue; // the model has the result, and makes an answer of it
    }
    if (finishReason === 'content-filter') throw filteredError(model.id);
    if (finishReason === 'pause') continue; // the provider goes on by itself when it is asked again
    const text = textOf(message);
    if (text.trim() === '') {
      messages.push(EMPTY_ANSWER_FEEDBACK);
      continue;
    }
    if (contract === null) return { text, parsed: undefined, messages };
    const verdict = await untilAborted(
      checkAnswer(text, contract, finishReason),
      context.signal,
      context.orphan,
    );
    if (verdict.isValid) return { text, parsed: verdict.value, messages };
    const { problems, lines } = verdict;
    yield { span: context.span, body: { type: 'output.rejected', text, problems: lines } };
    if (rejections === agent.maxOutputRetries) {
      throw new RegattaError(
        'output/invalid',
        `Agent "${agent.role}" gave no answer that matches the output schema in ${rejections + 1} tries. Simplify the schema, name a stronger model, or raise maxOutputRetries.\n${lines}`,
        { agent: agent.role, problems, text },
      );
    }
    rejections++;
    mayUseTools = false; // what is missing now is form, not facts, and without tools every provider can enforce it
    messages.push(rejectionFeedback(lines, contract.jsonSchema));
  }
  throw new RegattaError(
    'agent/no-answer',
    `Agent "${agent.role}" made ${tally.calls} model calls without an answer. Raise maxIter, give it fewer tools, or name a stronger model.`,
    { agent: agent.role, calls: tally.calls },
  );
}

function openDeadline(agent: string, maxExecutionTimeMs: number, { signal }: RunContext): CancelScope {
  return new CancelScope(signal, {
    timeoutMs: maxExecutionTimeMs,
    timeoutReason: () => timeoutError(agent, maxExecutionTimeMs),
  });
}

function timeoutError(agent: string, maxExecutionTimeMs: number): RegattaError {
  return new RegattaError(
    'agent/timeout',
    `Agent "${agent}" did not finish within ${maxExecutionTimeMs} ms. Raise maxExecutionTimeMs, or give it less to do.`,
    { agent, maxExecutionTimeMs },
  );
}

function filteredError(model: string): RegattaError {
  return new RegattaError(
    'model/content-filter',
    `Model "${model}" withheld its answer because of a content filter. Change the task's wording, or use another model.`,
    { model, status: null, retryable: false, retryAfterMs: null, providerCode: null },
  );
}

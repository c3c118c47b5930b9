/**
 * The agent loop: messages → model → tools → messages, until there is an answer.
 *
 * The loop tells what happens and returns what came out. It knows no observer, ledger, journal or
 * retry: those wrap the model and the tools, or read the events.
 */
import { CancelScope, untilAborted } from '../base/abort.ts';
import { toErrorData } from '../base/error-data.ts';
import { RegattaError } from '../base/errors.ts';
import type { Contract } from '../base/schema.ts';
import { EMPTY_ANSWER_FEEDBACK, FINAL_ANSWER_REQUEST, noCallsLeft } from '../context/prompt.ts';
import { checkAnswer, rejectionFeedback } from '../model/answer.ts';
import type { Model } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Scope } from '../ports/scope.ts';
import type { OnFailure, Tool } from '../ports/tool.ts';
import { type Message, textOf, toolCallsOf } from '../protocol/message.ts';
import { callTools } from '../tool/call-tools.ts';
import { onFailureOf } from '../tool/failure-policy.ts';
import { finalResult } from '../tool/final-result.ts';
import { createAsk } from './asking.ts';
import type { AgentDefinition } from './definition.ts';
import { remember } from './memories.ts';
import { addsToOpening, openWork, taskOf } from './opening.ts';
import { Repeats } from './repeats.ts';
import { LOAD_SKILL, skillTool } from './skills.ts';
import { stepCalls, stepReporter } from './step.ts';

/** One piece of work for an agent. */
export interface AgentAssignment {
  /** The opening of the conversation: who the agent is, and what is asked. */
  readonly messages: readonly Message[];
  /**
   * How many of the messages are the opening, where the others go on from an answer of this agent: then
   * nothing is added to them, and nothing is remembered. Absent = all.
   */
  readonly opening?: number | undefined;
  /** False = whoever asks may yet send the answer back, and calls `remember` when it does not. @default true */
  readonly remembers?: boolean | undefined;
  readonly model: Model;
  /** Observers of the model's calls alone. */
  readonly modelScope: Scope;
  readonly tools: readonly Tool[];
  /** What a tool's failure does, by the task and the crew: the agent's own word stands between them. */
  readonly onToolFailure?: { readonly task: OnFailure | undefined; readonly crew: OnFailure | undefined };
  /** The shape of the answer; null = free text. */
  readonly contract: Contract | null;
  /** How it goes about it. @default `converse` */
  readonly way?: Way | undefined;
}

/** What an agent does between its start and its end. */
export type Way = (agent: AgentDefinition, assignment: Tallied, context: RunContext) => Promise<Conversed>;

/** What came of a conversation. */
export type Conversed = Pick<AgentAnswer, 'text' | 'parsed' | 'messages'>;

export interface AgentAnswer {
  readonly text: string;
  /** By the contract; undefined without one. */
  readonly parsed: unknown;
  readonly calls: number;
  /** The whole conversation, the answer included, and how many of its messages are the opening. */
  readonly messages: readonly Message[];
  readonly opening: number;
}

/**
 * Works until there is an answer, at most `maxIter` turns with tools, one forced final answer, and
 * `maxOutputRetries` corrections.
 *
 * @throws RegattaError `agent/timeout`, `agent/no-answer`, `output/invalid`, or what the model throws.
 */
export async function runAgent(
  agent: AgentDefinition,
  assignment: AgentAssignment,
  context: RunContext,
): Promise<AgentAnswer> {
  const { role, maxExecutionTimeMs } = agent;
  const { model } = assignment;
  const deadline =
    maxExecutionTimeMs === undefined ? undefined : openDeadline(role, maxExecutionTimeMs, context);
  const inner = deadline === undefined ? context : context.withSignal(deadline.signal);
  const tally = { calls: 0 };
  const tools = withSkills(agent, assignment.tools);
  const names = Object.freeze(tools.map(({ name }) => name));
  await context.tell({ type: 'agent.start', agent: role, model: model.id, tools: names });
  try {
    const goesOn = assignment.opening !== undefined;
    const messages =
      goesOn || !addsToOpening(agent) ? assignment.messages : await openWork(agent, assignment, inner);
    const opening = assignment.opening ?? messages.length;
    const { way = converse } = assignment;
    const answered = await way(agent, { ...assignment, messages, tools, tally }, inner);
    const { text } = answered;
    if (agent.memory.length > 0 && !goesOn && assignment.remembers !== false) {
      const experience = { task: taskOf(assignment.messages), answer: text };
      await remember({ ...agent, stores: agent.memory }, experience, inner);
    }
    const told = context.tell({ type: 'agent.end', agent: role, calls: tally.calls, text, error: null });
    if (told !== undefined) await told;
    return { ...answered, opening, calls: tally.calls };
  } catch (thrown) {
    const error = toErrorData(thrown);
    await context.tell({ type: 'agent.end', agent: role, calls: tally.calls, text: null, error });
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
export async function converse(
  agent: AgentDefinition,
  assignment: Tallied,
  context: RunContext,
): Promise<Conversed> {
  const { messages: given, opening = given.length, model, modelScope, tools, contract, tally } = assignment;
  const { onToolFailure: said } = assignment;
  const onFailure = onFailureOf(said?.task, agent.onToolFailure, said?.crew);
  const ask = createAsk(agent, { model, modelScope, tools, opening, tally }, context);
  const report = stepReporter(agent.stepCallback, agent.role, context);
  const messages = [...given];
  const output = contract === null ? null : { name: 'answer', schema: contract.jsonSchema, isInPrompt: true };
  const repeats = new Repeats();
  let rejections = 0;
  let mayUseTools = tools.length > 0;
  for (let turn = 1; turn <= agent.maxIter + 1 + rejections; turn++) {
    context.signal.throwIfAborted();
    if (mayUseTools && turn > agent.maxIter) {
      mayUseTools = false;
      messages.push(FINAL_ANSWER_REQUEST);
    }
    const toolChoice = mayUseTools ? 'auto' : 'none';
    const request = { messages, tools, toolChoice, output } as const;
    const { message, finishReason } = await ask(request, `turn-${turn}`);
    const calls = toolCallsOf(message);
    messages.push(message);
    if (!mayUseTools) messages.push(...calls.map(noCallsLeft));
    const text = textOf(message);
    if (calls.length > 0 && mayUseTools) {
      const results = await callTools({ tools, calls, turn, onFailure }, context);
      messages.push(...results, ...repeats.see(calls, results));
      await report?.(turn, { kind: 'tools', text, calls: stepCalls(calls, results) });
      const final = finalResult(tools, results);
      if (final === undefined) continue;
      const { content } = final;
      if (contract === null) return { text: content, parsed: undefined, messages };
      const fit = await untilAborted(checkAnswer(content, contract, 'stop'), context.signal, context.orphan);
      if (fit.isValid) return { text: content, parsed: fit.value, messages };
      continue; // the model has the result, and makes an answer of it
    }
    if (finishReason === 'content-filter') throw filteredError(model.id);
    if (finishReason === 'pause') continue; // the provider goes on by itself when it is asked again
    if (text.trim() === '') {
      messages.push(EMPTY_ANSWER_FEEDBACK);
      continue;
    }
    await report?.(turn, { kind: 'answer', text });
    if (contract === null) return { text, parsed: undefined, messages };
    const verdict = await untilAborted(
      checkAnswer(text, contract, finishReason),
      context.signal,
      context.orphan,
    );
    if (verdict.isValid) return { text, parsed: verdict.value, messages };
    const { problems, lines } = verdict;
    await context.tell({ type: 'output.rejected', text, problems: lines });
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

function withSkills({ skills }: AgentDefinition, tools: readonly Tool[]): readonly Tool[] {
  if (skills.length === 0 || tools.some(({ name }) => name === LOAD_SKILL)) return tools;
  return [...tools, skillTool(skills)];
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

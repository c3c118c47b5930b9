/**
 * One question to a model, outside of any agent: asked, and where its answer lacks the shape it should
 * have, asked again with what is wrong.
 */
import { untilAborted } from '../base/abort.ts';
import { RegattaError } from '../base/errors.ts';
import type { Contract } from '../base/schema.ts';
import type { Model, ModelReply, ModelRequest } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Scope } from '../ports/scope.ts';
import { textOf, toolCallsOf } from '../protocol/message.ts';
import { checkAnswer, rejectionFeedback } from './answer.ts';
import { callModel } from './call-model.ts';

export interface Question {
  readonly request: Omit<ModelRequest, 'attempt' | 'output'>;
  /** The shape of the answer; null = free text. */
  readonly contract: Contract | null;
  /** Answers that may be sent back because they do not have the shape. */
  readonly maxOutputRetries: number;
  /** Observers of the calls alone. Absent = none. */
  readonly scope?: Scope;
}

export interface Answered {
  readonly reply: ModelReply;
  /** By the contract; undefined without one, and for tool calls and refusals. */
  readonly parsed: unknown;
}

/** A refusal is an answer: the provider's filter, or the model itself, has decided. */
export function isRefusal({ finishReason }: ModelReply): boolean {
  return finishReason === 'content-filter';
}

/** @throws RegattaError `output/invalid` with the last answer's text, or what the model throws. */
export async function askModel(
  model: Model,
  { request, contract, maxOutputRetries, scope = [] }: Question,
  context: RunContext,
): Promise<Answered> {
  if (contract === null) {
    const reply = await callModel(model, { ...request, output: null }, context.child('call', { scope }));
    return { reply, parsed: undefined };
  }
  const messages = [...request.messages];
  const output = { name: 'answer', schema: contract.jsonSchema };
  let { toolChoice } = request;
  for (let calls = 1; ; calls++) {
    const key = calls === 1 ? 'call' : `call-${calls}`;
    const shape = { ...output, isInPrompt: calls > 1 };
    const asked = { ...request, messages: [...messages], toolChoice, output: shape };
    const reply = await callModel(model, asked, context.child(key, { scope }));
    const { message, finishReason } = reply;
    if (isRefusal(reply) || toolCallsOf(message).length > 0) return { reply, parsed: undefined };
    const text = textOf(message);
    const checked = checkAnswer(text, contract, finishReason);
    const verdict = await untilAborted(checked, context.signal, context.orphan);
    if (verdict.isValid) return { reply, parsed: verdict.value };
    const { problems, lines } = verdict;
    await context.tell({ type: 'output.rejected', text, problems: lines });
    if (calls > maxOutputRetries) {
      throw new RegattaError(
        'output/invalid',
        `Model "${model.id}" gave no answer that matches the output schema in ${calls} tries. Simplify the schema, name a stronger model, or raise maxOutputRetries.\n${lines}`,
        { agent: 'llm.call', problems, text },
      );
    }
    toolChoice = 'none'; // what is missing now is form, not facts
    messages.push(message, rejectionFeedback(lines, contract.jsonSchema));
  }
}

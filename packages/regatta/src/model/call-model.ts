/** One logical call of a model as events: a start, what comes in between, and one end. */
import { toErrorData } from '../base/error-data.ts';
import { deepFreeze } from '../base/json.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Model, ModelEvent, ModelReply, ModelRequest } from '../ports/model.ts';
import type { EventBody, ModelEnd } from '../protocol/event.ts';
import type { Message } from '../protocol/message.ts';
import { piecesOf } from '../protocol/pieces.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { costNanoUsd } from './cost.ts';

const NO_PARAMETERS = Object.freeze({});

/** @throws what the model throws, after its `model.end`. */
export async function callModel(
  model: Model,
  request: Omit<ModelRequest, 'attempt'>,
  context: CallContext,
): Promise<ModelReply> {
  const given = deepFreeze([...request.messages]);
  // Guards decide before the call is an event: what they deny never starts. Without one it is a turn all
  // the same: whoever starts a run has it in hand, and can cancel it, before a model is asked.
  const messages = await (context.isGuarded('model.before') ? guardMessages(model, given, context) : given);
  const tools = Object.freeze(request.tools.map(({ name }) => name));
  const { parameters = NO_PARAMETERS } = model;
  const stream = context.wantsDeltas;
  const begun = context.tell({ type: 'model.start', model: model.id, messages, tools, parameters, stream });
  if (begun !== undefined) await begun;
  // Nobody may see a piece of what a guard has yet to let pass.
  const isHeld = stream && context.isGuarded('model.after');
  let attempts = 1;
  let asked = model.id;
  try {
    const answer = await model.call({ ...request, messages, attempt: 1 }, context, (news) => {
      if (news.type === 'retry') asked = news.model ?? asked;
      const told = isHeld && news.type === 'delta' ? undefined : context.tell(toBody(news, attempts, asked));
      if (news.type === 'retry') attempts = news.attempt + 1;
      return told;
    });
    deepFreeze(answer);
    const reply = context.isGuarded('model.after') ? await guardReply(model, answer, context) : answer;
    if (isHeld) {
      for (const piece of piecesOf(reply.message))
        await context.tell({ type: 'model.delta', attempt: attempts, ...piece });
    }
    const ended = context.tell(endOf(reply, model, attempts));
    if (ended !== undefined) await ended;
    return reply;
  } catch (thrown) {
    const error = toErrorData(thrown);
    const failed = { message: null, finishReason: null, usage: NO_USAGE, costUsd: null };
    await context.tell({ type: 'model.end', model: asked, ...failed, attempts, error });
    throw thrown;
  }
}

async function guardMessages(
  { id: model }: Model,
  messages: readonly Message[],
  context: CallContext,
): Promise<readonly Message[]> {
  return (await context.guard('model.before', { model, messages })).messages;
}

async function guardReply({ id }: Model, reply: ModelReply, context: CallContext): Promise<ModelReply> {
  const { message } = await context.guard('model.after', {
    model: reply.model ?? id,
    message: reply.message,
  });
  return { ...reply, message };
}

function toBody(event: ModelEvent, attempt: number, model: string): EventBody {
  if (event.type === 'delta') return { ...event, type: 'model.delta', attempt };
  return { ...event, type: 'model.retry', model };
}

function endOf(reply: ModelReply, { id, price }: Model, attempts: number): ModelEnd {
  const { message, finishReason, usage, model = id, saved } = reply;
  const nano = reply.costUsd === undefined ? costNanoUsd(price, usage) : null;
  const costUsd = reply.costUsd ?? (nano === null ? null : nano / 1e9);
  const end = {
    type: 'model.end',
    model,
    message,
    finishReason,
    usage,
    costUsd,
    attempts,
    error: null,
  } as const;
  return saved === undefined ? end : { ...end, saved };
}

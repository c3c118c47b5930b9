/**
 * Answers end at the first stop sequence, whatever the provider makes of them.
 *
 * Some models refuse stop sequences, and for some the provider's package leaves them out: the first get
 * the request once more without them, and every answer is cut here as well. Where the provider stopped
 * there is nothing to cut.
 */
import type { Model, ModelEvent, ModelReply } from '../ports/model.ts';
import type { AssistantMessage } from '../protocol/message.ts';
import { callOrResend } from './resend.ts';
import { cutAtStop, StopCutter } from './stop-cutter.ts';
import { wrapModel } from './wrap.ts';

/** OpenAI: "Unsupported parameter: 'stop' is not supported with this model"; xAI: "Argument not supported: stop". */
const REFUSED = /(unsupported|not support)[^"]*\bstop\b|\bstop\b[^"]*(unsupported|not support)/i;

/** Empty sequences are none. */
export function stopped(model: Model, sequences: readonly string[] = []): Model {
  const stop = sequences.filter((sequence) => sequence !== '');
  if (stop.length === 0) return model;
  let isRefused = false;
  return wrapModel(model, (request, context) => {
    if (isRefused) return cut(model.call({ ...request, stop: [] }, context), stop);
    const resend = (attempt: number) => {
      isRefused = true; // it would refuse the next call as well
      return model.call({ ...request, stop: [], attempt }, context);
    };
    return cut(callOrResend(model, { request, context }, { refused: REFUSED, resend }), stop);
  });
}

/**
 * As `stopped`, for sequences that are whoever's who asks: they are sent along with those of the model's
 * settings. A request that says to send none is left as it is.
 */
export function endingAt(model: Model, sequences: readonly string[]): Model {
  if (sequences.length === 0) return model;
  const { stop: own } = model.parameters ?? {};
  const set = Array.isArray(own) ? own.filter((one) => typeof one === 'string') : [];
  const asking = wrapModel(model, (request, context) => {
    const { stop = set } = request;
    if (request.stop?.length === 0) return model.call(request, context);
    return model.call({ ...request, stop: [...new Set([...stop, ...sequences])] }, context);
  });
  return stopped(asking, sequences);
}

async function* cut(
  news: AsyncGenerator<ModelEvent, ModelReply, void>,
  stop: readonly string[],
): AsyncGenerator<ModelEvent, ModelReply, void> {
  let cutter = new StopCutter(stop);
  let isOver = false;
  try {
    while (true) {
      const next = await news.next();
      isOver = next.done === true;
      const event = next.done ? undefined : next.value;
      if (event?.type === 'delta' && event.kind === 'text') {
        const text = cutter.push(event.text);
        if (text !== '') yield { ...event, text };
        continue;
      }
      if (event?.type === 'retry') {
        cutter = new StopCutter(stop); // the answer begins anew, and what came of it is void
        yield event;
        continue;
      }
      const held = cutter.flush(); // the text has ended here
      if (held !== '') yield { type: 'delta', kind: 'text', text: held, tool: null };
      if (next.done) return cutReply(next.value, stop);
      if (!cutter.isCut) yield next.value;
    }
  } catch (error) {
    isOver = true;
    throw error;
  } finally {
    if (!isOver) await news.return(undefined as unknown as ModelReply); // its reader has left, and reads no reply
  }
}

/** Without what follows the first stop sequence in a text. The tokens of it were used all the same. */
function cutReply(reply: ModelReply, stop: readonly string[]): ModelReply {
  const content: AssistantMessage['content'][number][] = [];
  for (const part of reply.message.content) {
    const text = part.type === 'text' ? cutAtStop(part.text, stop) : undefined;
    if (text === undefined) {
      content.push(part);
      continue;
    }
    content.push({ type: 'text', text });
    return { ...reply, message: { role: 'assistant', content }, finishReason: 'stop' };
  }
  return reply;
}

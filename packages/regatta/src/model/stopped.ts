/**
 * Answers end at the first stop sequence, whatever the provider makes of them.
 *
 * Some models refuse stop sequences, and for some the provider's package leaves them out: the first get
 * the request once more without them, and every answer is cut here as well. Where the provider stopped
 * there is nothing to cut.
 */
import type { Model, ModelReply, TellNews } from '../ports/model.ts';
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
  return wrapModel(model, async (request, context, given) => {
    const { tell, flush } = cutting(given, stop);
    const resend = (attempt: number) => {
      isRefused = true; // it would refuse the next call as well
      return model.call({ ...request, stop: [], attempt }, context, tell);
    };
    const reply = isRefused
      ? await resend(request.attempt)
      : await callOrResend(model, { request, context, tell }, { refused: REFUSED, resend });
    await flush();
    return cutReply(reply, stop);
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
  const asking = wrapModel(model, (request, context, tell) => {
    const { stop = set } = request;
    if (request.stop?.length === 0) return model.call(request, context, tell);
    return model.call({ ...request, stop: [...new Set([...stop, ...sequences])] }, context, tell);
  });
  return stopped(asking, sequences);
}

/** Tells the pieces of a text up to the first stop sequence; `flush` tells what was held back at its end. */
function cutting(
  tell: TellNews,
  stop: readonly string[],
): { readonly tell: TellNews; readonly flush: () => Promise<unknown> | undefined } {
  let cutter = new StopCutter(stop);
  const flush = (): Promise<unknown> | undefined => {
    const held = cutter.flush();
    return held === '' ? undefined : tell({ type: 'delta', kind: 'text', text: held, tool: null });
  };
  return {
    flush,
    tell(news) {
      if (news.type === 'delta' && news.kind === 'text') {
        const text = cutter.push(news.text);
        return text === '' ? undefined : tell({ ...news, text });
      }
      if (news.type === 'retry') {
        cutter = new StopCutter(stop); // the answer begins anew, and what came of it is void
        return tell(news);
      }
      const held = flush(); // the text has ended here
      if (cutter.isCut) return held;
      const told = tell(news);
      return held === undefined ? told : Promise.all([held, told]);
    },
  };
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

/**
 * Tools for a model that cannot call any: they are told in its prompt, its text is read for calls, and it is
 * told their results as text. Whoever asks sees calls and results as of any other model.
 */
import type { Model, ModelEvent, ModelReply, ModelRequest } from '../ports/model.ts';
import { type AssistantMessage, type Message, textOf } from '../protocol/message.ts';
import { piecesOf } from '../protocol/pieces.ts';
import { endingAt } from './stopped.ts';
import { answerStart, RESULT_MARK, readArgs, readText, toolGuide, toText } from './text-protocol.ts';
import { wrapModel } from './wrap.ts';

export function textTools(model: Model): Model {
  const asked = endingAt(model, [RESULT_MARK]);
  return wrapModel(model, (request, context) => {
    const isOffered = request.tools.length > 0 && request.toolChoice !== 'none';
    const told = { ...toTextRequest(request, isOffered), tools: [], toolChoice: 'none' } as const;
    if (request.tools.length === 0) return model.call(told, context);
    return read(asked.call(told, context), request, isOffered);
  });
}

function toTextRequest(request: ModelRequest, isOffered: boolean): ModelRequest {
  const messages = toText(request.messages);
  if (!isOffered) return { ...request, messages };
  // A provider that enforces the shape of an answer would leave no room for a call.
  return { ...request, messages: withGuide(messages, toolGuide(request.tools)), output: null };
}

function withGuide(messages: readonly Message[], guide: string): readonly Message[] {
  const at = messages.findLastIndex(({ role }) => role === 'system');
  if (at === -1) {
    const [first, ...rest] = messages;
    if (first?.role !== 'user' || typeof first.content !== 'string')
      return [{ role: 'user', content: guide }, ...messages];
    return [{ ...first, content: `${guide}\n\n${first.content}` }, ...rest];
  }
  return messages.map((message, index) =>
    index === at && message.role === 'system'
      ? { ...message, content: `${message.content}\n\n${guide}` }
      : message,
  );
}

/**
 * Pieces of the text are told once it is known what they belong to: those of an answer from its mark on, and
 * those of a call as pieces of a call.
 */
async function* read(
  news: ReturnType<Model['call']>,
  request: ModelRequest,
  isOffered: boolean,
): AsyncGenerator<ModelEvent, ModelReply, void> {
  const names = request.tools.map(({ name }) => name);
  let seen = '';
  let told: number | undefined;
  let hasPieces = false;
  let isOver = false;
  try {
    while (true) {
      const next = await news.next();
      if (next.done) {
        isOver = true;
        const reply = toReply(next.value, request, isOffered);
        if (!hasPieces || told !== undefined) return reply;
        for (const piece of piecesOf(reply.message))
          if (piece.kind !== 'reasoning') yield { type: 'delta', ...piece };
        return reply;
      }
      const event = next.value;
      if (event.type === 'retry') [seen, told, hasPieces] = ['', undefined, false];
      if (event.type !== 'delta' || event.kind !== 'text') {
        yield event;
        continue;
      }
      hasPieces = true;
      seen += event.text;
      // Its own mark may still be coming: a whole line, or the text behind it, says that it is there.
      const start = told ?? answerStart(seen, names);
      if (start === undefined) continue;
      // Blanks around an answer are no part of it: those at its end are kept until something follows.
      const from = told ?? start + leadingBlanks(seen.slice(start));
      const to = seen.trimEnd().length;
      if (to <= from) continue;
      told = to;
      yield { ...event, text: seen.slice(from, to) };
    }
  } catch (error) {
    isOver = true;
    throw error;
  } finally {
    if (!isOver) await news.return(undefined as unknown as ModelReply); // its reader has left, and reads no reply
  }
}

function leadingBlanks(text: string): number {
  return text.length - text.trimStart().length;
}

function toReply(reply: ModelReply, { tools, messages }: ModelRequest, isOffered: boolean): ModelReply {
  const names = tools.map(({ name }) => name);
  const reading = readText(textOf(reply.message), names);
  const others = reply.message.content.filter(({ type }) => type !== 'text' && type !== 'tool-call');
  const answer = (text: string): ModelReply => {
    const content = [...others, ...(text === '' ? [] : [{ type: 'text', text } as const])];
    return { ...reply, message: { role: 'assistant', content } };
  };
  if (reading.kind === 'answer') return answer(reading.text);
  if (!isOffered) return answer(''); // it was told that it has no calls left, and is told so again
  const { thought, tool, input } = reading;
  const args = readArgs(input);
  const call = { type: 'tool-call', callId: `text-${countCalls(messages) + 1}`, tool, args } as const;
  const content: AssistantMessage['content'] = [
    ...others,
    ...(thought === '' ? [] : [{ type: 'text', text: thought } as const]),
    typeof args === 'string' ? { ...call, rawArgs: input } : call,
  ];
  return { ...reply, message: { role: 'assistant', content }, finishReason: 'tool-calls' };
}

/** Unique in its conversation, and the same when the run is repeated. */
function countCalls(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + (message.role === 'tool' ? 1 : 0), 0);
}

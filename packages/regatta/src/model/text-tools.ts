/**
 * Tools for a model that cannot call any: they are told in its prompt, its text is read for calls, and it is
 * told their results as text. Whoever asks sees calls and results as of any other model.
 */
import type { Model, ModelReply, ModelRequest, TellNews } from '../ports/model.ts';
import { type AssistantMessage, type Message, textOf } from '../protocol/message.ts';
import { piecesOf } from '../protocol/pieces.ts';
import { endingAt } from './stopped.ts';
import { answerStart, RESULT_MARK, readArgs, readText, toolGuide, toText } from './text-protocol.ts';
import { wrapModel } from './wrap.ts';

export function textTools(model: Model): Model {
  const asked = endingAt(model, [RESULT_MARK]);
  return wrapModel(model, async (request, context, tell) => {
    const isOffered = request.tools.length > 0 && request.toolChoice !== 'none';
    const told = { ...toTextRequest(request, isOffered), tools: [], toolChoice: 'none' } as const;
    if (request.tools.length === 0) return await model.call(told, context, tell);
    const pieces = readPieces(namesOf(request), tell);
    const reply = toReply(await asked.call(told, context, pieces.tell), request, isOffered);
    if (pieces.areHeldBack()) {
      for (const piece of piecesOf(reply.message))
        if (piece.kind !== 'reasoning') await tell({ type: 'delta', ...piece });
    }
    return reply;
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
 * those of a call as pieces of a call. `areHeldBack` = there were pieces, and none was told.
 */
function readPieces(
  names: readonly string[],
  tell: TellNews,
): { readonly tell: TellNews; readonly areHeldBack: () => boolean } {
  let seen = '';
  let told: number | undefined;
  let hasPieces = false;
  return {
    areHeldBack: () => hasPieces && told === undefined,
    tell(news) {
      if (news.type === 'retry') [seen, told, hasPieces] = ['', undefined, false];
      if (news.type !== 'delta' || news.kind !== 'text') return tell(news);
      hasPieces = true;
      seen += news.text;
      // Its own mark may still be coming: a whole line, or the text behind it, says that it is there.
      const start = told ?? answerStart(seen, names);
      if (start === undefined) return undefined;
      // Blanks around an answer are no part of it: those at its end are kept until something follows.
      const from = told ?? start + leadingBlanks(seen.slice(start));
      const to = seen.trimEnd().length;
      if (to <= from) return undefined;
      told = to;
      return tell({ ...news, text: seen.slice(from, to) });
    },
  };
}

function namesOf({ tools }: Pick<ModelRequest, 'tools'>): readonly string[] {
  return tools.map(({ name }) => name);
}

function leadingBlanks(text: string): number {
  return text.length - text.trimStart().length;
}

function toReply(reply: ModelReply, { tools, messages }: ModelRequest, isOffered: boolean): ModelReply {
  const reading = readText(textOf(reply.message), namesOf({ tools }));
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

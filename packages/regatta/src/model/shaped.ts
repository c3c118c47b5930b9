/**
 * Asks for the shape of an answer in the prompt where the provider does not take a schema, or refuses
 * the one it is given. Whether the answer has that shape is checked by whoever asked.
 */
import type { JsonObject } from '../base/json.ts';
import type { Model, ModelRequest, OutputShape } from '../ports/model.ts';
import type { Message, UserMessage } from '../protocol/message.ts';
import { callOrResend } from './resend.ts';
import { wrapModel } from './wrap.ts';

/** What providers call it: OpenAI and who copies it, Anthropic, Gemini. */
const REFUSED =
  /response_?(format|schema|json_?schema|mime_?type)|json_schema|text\.format|output_?(config|format)|structured.?output/i;

/** For who makes a schema for each call: then some are refused anew. */
const MAX_REFUSED = 100;

export function shaped(model: Model): Model {
  const { takesSchema = 'never' } = model;
  /** Schemas that were refused once, as JSON: it would refuse them again. */
  const refused = new Set<string>();
  return wrapModel(model, (request, context) => {
    const { output, tools } = request;
    if (output === null) return model.call(request, context);
    const isNative = takesSchema === 'always' || (takesSchema === 'without-tools' && tools.length === 0);
    if (!isNative) return model.call(withRequest(request, output), context);
    const key = JSON.stringify(output.schema);
    const amend = () => {
      if (refused.size >= MAX_REFUSED) refused.clear();
      refused.add(key);
      return { ...withRequest(request, output), output: null };
    };
    if (refused.has(key)) return model.call({ ...request, ...amend() }, context);
    return callOrResend(model, { request, context }, { refused: REFUSED, amend });
  });
}

/** Said last, where it is read best and the prompt before it stays the same. */
function withRequest(request: ModelRequest, { schema, isInPrompt = false }: OutputShape): ModelRequest {
  if (isInPrompt) return request;
  const text = shapeRequest(schema);
  const last = request.messages.at(-1);
  const messages: readonly Message[] =
    last?.role === 'user'
      ? [...request.messages.slice(0, -1), { ...last, content: append(last.content, text) }]
      : [...request.messages, { role: 'user', content: text }];
  return { ...request, messages };
}

function append(content: UserMessage['content'], text: string): UserMessage['content'] {
  return typeof content === 'string' ? `${content}\n\n${text}` : [...content, { type: 'text', text }];
}

/** `what` is to have the shape. */
export function shapeRequest(schema: JsonObject, what = 'the final answer'): string {
  return `Give ${what} as one JSON value that matches this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`;
}

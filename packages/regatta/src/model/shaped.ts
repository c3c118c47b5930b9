/**
 * Asks for the shape of an answer in the best way that the provider takes: by its schema, else as a JSON
 * object of any shape with the schema in the prompt, else by the prompt alone. What a provider refuses it
 * is not asked again. Whether the answer has the shape is checked by whoever asked.
 */
import type { JsonObject } from '../base/json.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Model, ModelReply, ModelRequest, OutputShape, Takes } from '../ports/model.ts';
import { type Message, toolCallsOf, type UserMessage } from '../protocol/message.ts';
import { callOrResend } from './resend.ts';
import { wrapModel } from './wrap.ts';

/** What providers call it: OpenAI and who copies it, Anthropic, Gemini. */
const REFUSED =
  /response_?(format|schema|json_?schema|mime_?type)|json_schema|text\.format|output_?(config|format)|structured.?output|json_?(object|mode)|json mode/i;

/** What it could not do this time: Groq, where its model wrote no JSON. https://console.groq.com/docs/text-chat */
const FAILED = /json_validate_failed|failed to (generate|validate) json/i;

const NOT_TAKEN = new RegExp(`${REFUSED.source}|${FAILED.source}`, 'i');

/** For who makes a schema for each call: then some are refused anew. */
const MAX_REFUSED = 100;

type Way = 'schema' | 'any-object' | 'prompt';

export function shaped(model: Model): Model {
  /** Keys of what was refused once: it would be refused again. */
  const refused = new Set<string>();
  return wrapModel(model, (request, context, tell) => {
    const { output } = request;
    if (output === null) return model.call(request, context, tell);
    // Whoever takes no shape beside tools is not offered those that are forbidden.
    const bare = model.takesSchema === 'always' ? request : withoutIdleTools(request);
    const native = nativeWays(model, bare);
    // A model that takes neither is still told the shape: it may be one that makes up answers.
    if (native.length === 0) return model.call(withRequest(request, output), context, tell);
    const ask = ([way = 'prompt', ...rest]: readonly Way[], attempt: number): Promise<ModelReply> => {
      if (way === 'prompt')
        return model.call({ ...withRequest(request, output), output: null, attempt }, context, tell);
      const asked = { ...(way === 'schema' ? bare : withAnyObject(bare, output)), attempt };
      const resend = (next: number, said: string) => {
        if (!FAILED.test(said)) {
          if (refused.size >= MAX_REFUSED) refused.clear();
          refused.add(keyOf(way, output, context));
        }
        return ask(rest, next);
      };
      return callOrResend(model, { request: asked, context, tell }, { refused: NOT_TAKEN, resend });
    };
    const ways = native.filter((way) => !refused.has(keyOf(way, output, context)));
    return ask(ways, request.attempt);
  });
}

function nativeWays({ takesSchema, takesJson }: Model, { tools, output }: ModelRequest): readonly Way[] {
  const takes = (what: Takes = 'never'): boolean =>
    what === 'always' || (what === 'without-tools' && tools.length === 0);
  const ways: Way[] = takes(takesSchema) ? ['schema'] : [];
  // It would force a list or a text into an object.
  return takes(takesJson) && output?.schema.type === 'object' ? [...ways, 'any-object'] : ways;
}

/** A schema may be refused for itself; JSON mode, for one, together with streaming (Groq). */
function keyOf(way: Way, { schema }: OutputShape, { wantsDeltas }: CallContext): string {
  return way === 'schema' ? JSON.stringify(schema) : `${way}, ${wantsDeltas ? 'streamed' : 'whole'}`;
}

function withAnyObject(request: ModelRequest, output: OutputShape): ModelRequest {
  return { ...withRequest(request, output), output: { ...output, isAnyObject: true } };
}

/** Tools that may not be called, and are not needed to read the history: a history that has calls needs them. */
function withoutIdleTools(request: ModelRequest): ModelRequest {
  const { tools, toolChoice, messages } = request;
  if (tools.length === 0 || toolChoice !== 'none') return request;
  const hasCalls = messages.some(
    (message) => message.role === 'tool' || (message.role === 'assistant' && toolCallsOf(message).length > 0),
  );
  return hasCalls ? request : { ...request, tools: [] };
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

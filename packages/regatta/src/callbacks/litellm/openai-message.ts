/**
 * Messages as OpenAI's chat interface writes them, which is what LiteLLM shows to its callbacks,
 * whatever the provider.
 *
 * What that form has no place for (a provider's own parts, signatures) is left out.
 */
import { deepFreeze } from '../../base/json.ts';
import {
  type AssistantMessage,
  type FilePart,
  type Message,
  type TextPart,
  type ToolCallPart,
  textOf,
  toolCallsOf,
} from '../../protocol/message.ts';

export interface OpenAIToolCall {
  readonly id: string;
  readonly type: 'function';
  /** `arguments` is JSON text, as the model wrote it. */
  readonly function: { readonly name: string; readonly arguments: string };
}

export type OpenAIPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }
  | { readonly type: 'file'; readonly file: { readonly file_data: string; readonly filename?: string } };

export interface OpenAIMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  /** Null for an assistant that only calls tools. */
  readonly content: string | null | readonly OpenAIPart[];
  readonly tool_calls?: readonly OpenAIToolCall[];
  readonly tool_call_id?: string;
  /** LiteLLM's place for what a model thought. */
  readonly reasoning_content?: string;
}

/** A frozen copy in OpenAI's form. */
export function toOpenAIMessages(messages: readonly Message[]): readonly OpenAIMessage[] {
  return deepFreeze(messages.map(toOpenAIMessage));
}

export function toOpenAIMessage(message: Message): OpenAIMessage {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content };
    case 'user':
      return {
        role: 'user',
        content: typeof message.content === 'string' ? message.content : message.content.map(toPart),
      };
    case 'tool':
      return { role: 'tool', tool_call_id: message.callId, content: message.content };
    case 'assistant':
      return fromAssistant(message);
  }
}

function fromAssistant(message: AssistantMessage): OpenAIMessage {
  const calls = toolCallsOf(message);
  const text = textOf(message);
  const reasoning = message.content.reduce(
    (whole, part) => (part.type === 'reasoning' ? whole + part.text : whole),
    '',
  );
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(calls.length > 0 ? { tool_calls: calls.map(toToolCall) } : {}),
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
  };
}

export function toToolCall({ callId, tool, args, rawArgs }: ToolCallPart): OpenAIToolCall {
  return {
    id: callId,
    type: 'function',
    function: { name: tool, arguments: rawArgs ?? JSON.stringify(args) },
  };
}

function toPart(part: TextPart | FilePart): OpenAIPart {
  if (part.type === 'text') return { type: 'text', text: part.text };
  const { mediaType, data, filename } = part;
  const url = 'url' in data ? data.url : `data:${mediaType};base64,${data.base64}`;
  if (mediaType.startsWith('image/')) return { type: 'image_url', image_url: { url } };
  return { type: 'file', file: { file_data: url, ...(filename === undefined ? {} : { filename }) } };
}

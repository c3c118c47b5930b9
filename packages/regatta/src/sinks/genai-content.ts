/**
 * Messages as the GenAI conventions write them into attributes: JSON text of messages with parts
 * (gen-ai-input-messages.json and its siblings, semantic-conventions v1.41.0).
 */
import type { Json, JsonObject } from '../base/json.ts';
import type { AssistantMessage, FilePart, Message } from '../protocol/message.ts';

export function inputMessages(messages: readonly Message[]): string {
  return JSON.stringify(messages.filter(({ role }) => role !== 'system').map(toMessage));
}

/** The system messages' text; null where there are none. */
export function systemInstructions(messages: readonly Message[]): string | null {
  const parts = messages.flatMap((message) => (message.role === 'system' ? [text(message.content)] : []));
  return parts.length === 0 ? null : JSON.stringify(parts);
}

export function outputMessages(message: AssistantMessage, finishReason: string): string {
  return JSON.stringify([{ ...toMessage(message), finish_reason: finishReason }]);
}

export function textMessage(role: 'user' | 'assistant', content: string): string {
  const message = { role, parts: [text(content)] };
  return JSON.stringify([role === 'assistant' ? { ...message, finish_reason: 'stop' } : message]);
}

function toMessage(message: Message): JsonObject {
  switch (message.role) {
    case 'system':
      return { role: 'system', parts: [text(message.content)] };
    case 'user':
      return { role: 'user', parts: toParts(message.content) };
    case 'assistant':
      return { role: 'assistant', parts: toParts(message.content) };
    case 'tool':
      return {
        role: 'tool',
        parts: [{ type: 'tool_call_response', id: message.callId, response: message.content }],
      };
  }
}

type Content = Extract<Message, { role: 'user' | 'assistant' }>['content'];

function toParts(content: Content): readonly Json[] {
  if (typeof content === 'string') return [text(content)];
  return content.map(toPart).filter((part) => part !== null);
}

/** Null for a provider's own part, which has no form here. */
function toPart(part: Exclude<Content, string>[number]): JsonObject | null {
  switch (part.type) {
    case 'text':
      return text(part.text);
    case 'reasoning':
      return { type: 'reasoning', content: part.text };
    case 'tool-call':
      return { type: 'tool_call', id: part.callId, name: part.tool, arguments: part.rawArgs ?? part.args };
    case 'file':
      return toFile(part);
    case 'provider':
      return null;
  }
}

function toFile({ mediaType, data }: FilePart): JsonObject {
  const modality = mediaType.slice(0, mediaType.indexOf('/'));
  if ('url' in data) return { type: 'uri', mime_type: mediaType, modality, uri: data.url };
  return { type: 'blob', mime_type: mediaType, modality, content: data.base64 };
}

function text(content: string): JsonObject {
  return { type: 'text', content };
}

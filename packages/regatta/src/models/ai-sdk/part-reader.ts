/** Reads parts of an answer of the AI SDK's specification as parts of our messages. */
import { parseJson } from '../../base/json.ts';
import type { AssistantMessage, FilePart, Message, ToolCallPart } from '../../protocol/message.ts';
import { createCallIds } from '../call-ids.ts';
import { providerData } from './provider-data.ts';
import { isRunByProvider, toBase64, toProviderPart } from './provider-part.ts';
import type { SpecContent } from './specification.ts';

export type ReplyPart = AssistantMessage['content'][number];
type SpecToolCall = Extract<SpecContent, { type: 'tool-call' }>;
type SpecFile = Extract<SpecContent, { type: 'file' }>;

/** Gives our part for a part of the answer; undefined for one that says nothing. */
export type ReadPart = (content: SpecContent) => ReplyPart | undefined;

/** `provider` as the model object names it. `history` is what the answer answers to. */
export function createPartReader(provider: string, history: readonly Message[]): ReadPart {
  const nextCallId = createCallIds(history);
  return (content) => {
    switch (content.type) {
      case 'text':
      case 'reasoning':
        return textPart(content.type, content.text, content.providerMetadata);
      case 'tool-call':
        if (isRunByProvider(content, provider)) return toProviderPart(content, provider);
        return toToolCall(content, nextCallId);
      case 'tool-result':
        return 'preliminary' in content && content.preliminary
          ? undefined
          : toProviderPart(content, provider);
      case 'file':
        return toFilePart(content);
      default:
        return toProviderPart(content, provider);
    }
  };
}

/** A text without content is kept only for the data that its provider wants back. */
export function textPart(type: 'text' | 'reasoning', text: string, metadata: unknown): ReplyPart | undefined {
  const data = providerData(metadata);
  return text === '' && !data.providerData ? undefined : { type, text, ...data };
}

function toToolCall(
  { toolCallId, toolName, input, providerMetadata }: SpecToolCall,
  nextCallId: () => string,
): ToolCallPart {
  // Where a tool takes no arguments, models leave them out, and some packages hand that on as null.
  const text: string | null | undefined = input;
  const args = text ? parseJson(text) : {};
  return {
    type: 'tool-call',
    callId: toolCallId || nextCallId(),
    tool: toolName,
    args: args ?? null,
    ...(args === undefined ? { rawArgs: input } : {}),
    ...providerData(providerMetadata),
  };
}

function toFilePart({ mediaType, data }: SpecFile): FilePart {
  if (typeof data === 'string' || data instanceof Uint8Array) {
    return { type: 'file', mediaType, data: { base64: toBase64(data) } }; // versions 2 and 3
  }
  const where = data.type === 'url' ? { url: String(data.url) } : { base64: toBase64(data.data) };
  return { type: 'file', mediaType, data: where };
}

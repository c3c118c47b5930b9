/**
 * Our messages as a prompt of the AI SDK's specification.
 *
 * What a provider wants back goes back as it came: the data of a part under `providerOptions`, and
 * whole provider parts, but only to the provider that sent them.
 */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultPart,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider';
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type {
  AssistantMessage,
  FilePart,
  Message,
  TextPart,
  ToolCallPart,
  ToolMessage,
} from '../../protocol/message.ts';
import { mergeOptions } from './merge-options.ts';
import { sendableFrom } from './provider-part.ts';
import type { LanguageModel } from './specification.ts';

type AssistantContent = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'];
type Target = Pick<LanguageModel, 'specificationVersion' | 'provider'>;

export function toPrompt(messages: readonly Message[], target: Target): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = [];
  for (const message of messages) {
    switch (message.role) {
      case 'system':
        prompt.push({ role: 'system', content: message.content, ...options(message) });
        break;
      case 'user':
        prompt.push({ role: 'user', content: toUserContent(message.content, target), ...options(message) });
        break;
      case 'assistant':
        prompt.push({ role: 'assistant', content: toAssistantContent(message, target), ...options(message) });
        break;
      case 'tool': {
        // Anthropic and Gemini want all results of a turn in one message.
        const last = prompt.at(-1);
        if (last?.role === 'tool') last.content.push(toToolResult(message));
        else prompt.push({ role: 'tool', content: [toToolResult(message)] });
      }
    }
  }
  return prompt;
}

function toUserContent(
  content: string | readonly (TextPart | FilePart)[],
  target: Target,
): Extract<LanguageModelV4Message, { role: 'user' }>['content'] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part) =>
    part.type === 'text' ? { type: 'text', text: part.text, ...options(part) } : toFile(part, target),
  );
}

function toAssistantContent({ content }: AssistantMessage, target: Target): AssistantContent {
  const parts: AssistantContent = [];
  for (const part of content) {
    switch (part.type) {
      case 'text':
      case 'reasoning':
        parts.push({ type: part.type, text: part.text, ...options(part) });
        break;
      case 'tool-call':
        parts.push({
          type: 'tool-call',
          toolCallId: part.callId,
          toolName: part.tool,
          input: toInput(part),
          ...options(part),
        });
        break;
      case 'file':
        parts.push(toFile(part, target));
        break;
      case 'provider': {
        const sendable = sendableFrom(part, target.provider);
        if (sendable) parts.push(sendable);
      }
    }
  }
  return parts;
}

/** Anthropic and Gemini take nothing but an object. What was not JSON is in the tool's answer. */
function toInput({ args }: ToolCallPart): JsonObject {
  return isJsonObject(args) ? args : {};
}

function toToolResult(message: ToolMessage): LanguageModelV4ToolResultPart {
  const { callId, tool, content, isError } = message;
  return {
    type: 'tool-result',
    toolCallId: callId,
    toolName: tool,
    output: { type: isError ? 'error-text' : 'text', value: content },
    ...options(message),
  };
}

function toFile(part: FilePart, { specificationVersion }: Target): LanguageModelV4FilePart {
  const { mediaType, data, filename } = part;
  const named = { ...(filename === undefined ? {} : { filename }), ...options(part) };
  if (specificationVersion === 'v4') {
    const tagged =
      'url' in data
        ? { type: 'url' as const, url: new URL(data.url) }
        : { type: 'data' as const, data: data.base64 };
    return { type: 'file', mediaType, data: tagged, ...named };
  }
  const bare = 'url' in data ? new URL(data.url) : data.base64;
  // Versions 2 and 3 take the bare value; the rest of their prompt is a subset of version 4's.
  return { type: 'file', mediaType, data: bare as unknown as LanguageModelV4FilePart['data'], ...named };
}

/** How the providers that must be told are told to keep the prompt up to here; others do not look. */
const CACHED: SharedV4ProviderOptions = {
  anthropic: { cacheControl: { type: 'ephemeral' } },
  bedrock: { cachePoint: { type: 'default' } },
};

interface Marked {
  readonly providerData?: JsonObject;
  readonly cache?: boolean;
}

function options({ providerData, cache = false }: Marked): { providerOptions?: SharedV4ProviderOptions } {
  if (!providerData) return cache ? { providerOptions: CACHED } : {};
  // It came as `providerMetadata`, an object of objects by provider name, and is kept unchanged.
  const given = providerData as SharedV4ProviderOptions;
  return { providerOptions: cache ? mergeOptions(CACHED, given) : given };
}

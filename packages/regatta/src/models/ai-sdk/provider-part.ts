/**
 * Content that only its provider understands: tools that it ran itself, sources, its own kinds.
 *
 * Kept in a message as `{ provider, part }`, where `part` is ready to be sent back. Another provider
 * never gets it, so a history survives a change of model.
 */
import type { LanguageModelV4Message } from '@ai-sdk/provider';
import { isJsonObject, type Json, type JsonObject, parseJson, toJson } from '../../base/json.ts';
import type { ProviderPart } from '../../protocol/message.ts';
import type { SpecContent } from './specification.ts';

type AssistantPart = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'][number];
type ToolPart = Extract<SpecContent, { type: 'tool-call' | 'tool-result' }>;

/** What the prompt of the specification has a place for. Sources and approvals are kept, but not sent. */
const SENDABLE: ReadonlySet<unknown> = new Set(['tool-call', 'tool-result', 'custom', 'reasoning-file']);
const BEDROCK = 'amazon-bedrock';

/** Wraps a part of an answer by `provider`, such as `anthropic.messages`. */
export function toProviderPart(content: SpecContent, provider: string): ProviderPart {
  return { type: 'provider', data: { provider: familyOf(provider), part: toSendable(content) } };
}

/** The part to send back to `provider`, or undefined if it came from another one or cannot be sent. */
export function sendableFrom({ data }: ProviderPart, provider: string): AssistantPart | undefined {
  const { part } = data;
  const family = familyOf(provider);
  // Bedrock's package would send a tool that Nova ran as a call to us, which then lacks its result.
  if (data.provider !== family || family === BEDROCK) return undefined;
  if (!isJsonObject(part) || !SENDABLE.has(part.type)) return undefined;
  return part as unknown as AssistantPart; // made by `toSendable`
}

/** Whether the provider ran a tool itself. Bedrock's package does not say so of those that Nova runs. */
export function isRunByProvider(
  { toolName, providerExecuted }: Extract<SpecContent, { type: 'tool-call' }>,
  provider: string,
): boolean {
  return providerExecuted === true || (familyOf(provider) === BEDROCK && toolName.startsWith('nova_'));
}

/** `openai.chat` and `openai.responses` are one provider. */
function familyOf(provider: string): string {
  return provider.split('.', 1)[0] ?? provider;
}

/** Answers have `providerMetadata`, `input` as text and a bare `result`; prompts name and shape them otherwise. */
function toSendable(content: SpecContent): JsonObject {
  // Optional on every kind, where a version has it at all.
  const { providerMetadata, ...rest } = content as SpecContent & { providerMetadata?: unknown };
  const options = providerMetadata === undefined ? {} : { providerOptions: toJson(providerMetadata) };
  if (content.type === 'tool-call' || content.type === 'tool-result')
    return { ...toolPart(content), ...options };
  return { ...(toJson(withBase64(rest)) as JsonObject), ...options }; // an object stays one
}

function toolPart(part: ToolPart): JsonObject {
  const { toolCallId, toolName } = part;
  if (part.type === 'tool-call') {
    const input: Json = parseJson(part.input) ?? part.input;
    return { type: 'tool-call', toolCallId, toolName, input, providerExecuted: true };
  }
  const type = part.isError ? 'error-json' : 'json';
  return { type: 'tool-result', toolCallId, toolName, output: { type, value: toJson(part.result) } };
}

/** Bytes are no JSON: version 4 nests them, earlier ones have them bare. */
function withBase64(part: object): object {
  const data = 'data' in part ? part.data : undefined;
  if (data instanceof Uint8Array) return { ...part, data: toBase64(data) };
  if (isJsonObject(data) && 'data' in data) return { ...part, data: { ...data, data: toBase64(data.data) } };
  return part;
}

/** Text is base64 already, by the specification. */
export function toBase64(data: unknown): string {
  return data instanceof Uint8Array
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
    : String(data);
}

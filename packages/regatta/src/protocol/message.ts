/** What is said between us and a model. Plain JSON, so it can be journaled and sent anywhere. */
import type { Json, JsonObject } from '../base/json.ts';

/** Data that a provider wants back unchanged, such as the signature of a reasoning part. */
interface FromProvider {
  readonly providerData?: JsonObject;
}

/** A place up to which the prompt stays the same from call to call. */
interface Cacheable {
  /**
   * Asks the provider to keep the prompt up to and with this. Anthropic and Bedrock need it said; others
   * keep prompts by themselves, and are not told. @default false
   */
  readonly cache?: boolean;
}

export interface TextPart extends FromProvider, Cacheable {
  readonly type: 'text';
  readonly text: string;
}

/** What a model thought before it answered. */
export interface ReasoningPart extends FromProvider {
  readonly type: 'reasoning';
  readonly text: string;
}

export interface ToolCallPart extends FromProvider {
  readonly type: 'tool-call';
  readonly callId: string;
  readonly tool: string;
  /** As the model wrote them; null where it did not write JSON (then `rawArgs` has the text). */
  readonly args: Json;
  readonly rawArgs?: string;
}

/** Something only its provider understands, such as a tool that it ran itself. Sent back unchanged. */
export interface ProviderPart {
  readonly type: 'provider';
  readonly data: JsonObject;
}

export interface FilePart extends FromProvider, Cacheable {
  readonly type: 'file';
  /** IANA media type, such as `image/png`. */
  readonly mediaType: string;
  /** Base64, or where to fetch it. */
  readonly data: { readonly base64: string } | { readonly url: string };
  readonly filename?: string;
}

export interface SystemMessage extends Cacheable {
  readonly role: 'system';
  readonly content: string;
}

export interface UserMessage extends Cacheable {
  readonly role: 'user';
  readonly content: string | readonly (TextPart | FilePart)[];
}

export interface AssistantMessage extends Cacheable {
  readonly role: 'assistant';
  readonly content: readonly (TextPart | ReasoningPart | ToolCallPart | FilePart | ProviderPart)[];
}

/** The answer to one tool call. */
export interface ToolMessage extends Cacheable {
  readonly role: 'tool';
  readonly callId: string;
  readonly tool: string;
  readonly content: string;
  /** True when the tool failed; the model sees the failure and may try again. */
  readonly isError: boolean;
}

export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

/** What an answer rests on, as its provider cites it. */
export type Source = FromProvider & { readonly id: string } & (
    | { readonly kind: 'url'; readonly url: string; readonly title: string | null }
    | {
        readonly kind: 'document';
        readonly mediaType: string;
        readonly title: string;
        readonly filename: string | null;
      }
  );

/** The text of a reply, its text parts joined. */
export function textOf({ content }: AssistantMessage): string {
  let text = '';
  for (const part of content) if (part.type === 'text') text += part.text;
  return text;
}

export function toolCallsOf({ content }: AssistantMessage): readonly ToolCallPart[] {
  return content.filter((part) => part.type === 'tool-call');
}

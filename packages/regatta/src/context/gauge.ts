/**
 * How many tokens a conversation takes, so that nothing too long is sent.
 *
 * What the provider's tokenizer is known to count alike is exact. Everything else is an estimate with a
 * margin on top: too much room costs a little context, and too little costs the call.
 */
import { estimateTokens } from '../base/estimate-tokens.ts';
import type { TokenCounter } from '../ports/model.ts';
import type { AssistantMessage, FilePart, Message, UserMessage } from '../protocol/message.ts';

/** What estimates are multiplied by: code and digits take up to a quarter more than prose. */
const MARGIN = 1.25;
/** A message beside its text, and a request beside its messages, where it is not known. */
const FRAME_TOKENS = 4;
/** An image: what Anthropic's largest takes, and more than most take elsewhere. */
const IMAGE_TOKENS = 1600;
/** Base64 characters of a token in other files, such as a PDF, which hold more than their text. */
const FILE_CHARS_PER_TOKEN = 20;

export class Gauge {
  readonly #counter: TokenCounter | undefined;
  /** Messages are frozen, and a conversation is measured anew with each turn. */
  readonly #known = new WeakMap<Message, number>();
  #isExact: boolean;

  constructor(counter: TokenCounter | undefined) {
    this.#counter = counter;
    this.#isExact = counter?.isExact ?? false;
  }

  /** Whether the provider would count all that was measured so far the same. */
  get isExact(): boolean {
    return this.#isExact;
  }

  /** What a request takes beside its messages, tools and schema. */
  get requestTokens(): number {
    return this.#counter?.requestTokens ?? FRAME_TOKENS;
  }

  /** Of a text that is a message, or a part of one. */
  text(text: string): number {
    if (this.#counter?.isExact) return this.#counter.count(text);
    return Math.ceil((this.#counter?.count(text) ?? estimateTokens(text)) * MARGIN);
  }

  /** Of something whose form is the provider's own: tools, schemas, calls. */
  json(value: unknown): number {
    this.#isExact = false;
    const text = JSON.stringify(value);
    return Math.ceil((this.#counter?.count(text) ?? estimateTokens(text)) * MARGIN);
  }

  message(message: Message): number {
    let tokens = this.#known.get(message);
    if (tokens === undefined) {
      tokens = (this.#counter?.messageTokens ?? FRAME_TOKENS) + this.#content(message);
      this.#known.set(message, tokens);
    }
    return tokens;
  }

  messages(messages: readonly Message[]): number {
    return messages.reduce((sum, message) => sum + this.message(message), 0);
  }

  #content(message: Message): number {
    if (message.role === 'tool')
      return this.text(message.content) + this.json([message.tool, message.callId]);
    if (typeof message.content === 'string') return this.text(message.content);
    return message.content.reduce((sum, part) => sum + this.#part(part), 0);
  }

  #part(part: Part): number {
    if (part.type === 'text') return this.text(part.text);
    return part.type === 'file' ? this.#file(part) : this.json(part);
  }

  #file({ mediaType, data }: FilePart): number {
    this.#isExact = false;
    if ('url' in data || mediaType.startsWith('image/')) return IMAGE_TOKENS;
    const { length } = data.base64;
    // Base64 has four characters for three of the text's bytes.
    const tokens = mediaType.startsWith('text/') ? (length * 3) / 4 / 4 : length / FILE_CHARS_PER_TOKEN;
    return Math.ceil(Math.max(tokens * MARGIN, FRAME_TOKENS));
  }
}

type Part = Exclude<UserMessage['content'], string>[number] | AssistantMessage['content'][number];

/**
 * More tokens than `messages` can take, for nearly nothing: no tokenizer has a token without a byte, and
 * no character has more than three bytes for each of its units. Infinite where there are files.
 */
export function boundOf(messages: readonly Message[]): number {
  let units = 0;
  for (const { role, content } of messages) {
    if (typeof content === 'string') units += content.length;
    else if (content.some(({ type }) => type === 'file')) return Number.POSITIVE_INFINITY;
    else units += JSON.stringify(content).length;
    units += role === 'tool' ? FRAME_UNITS * 2 : FRAME_UNITS;
  }
  return Math.ceil(units * 3 * MARGIN);
}

/** Characters that stand for a message's frame, names and ids included. */
const FRAME_UNITS = 100;

/**
 * Tokens of messages before they are sent.
 *
 * Counted by OpenAI's tokenizers where the package gpt-tokenizer is installed and the model is OpenAI's;
 * exact for texts to models whose count of a message's frame is known. Anything else is an estimate, and
 * is said to be one.
 */
import { estimateTokens } from '../../base/estimate-tokens.ts';
import type { TokenCounter } from '../../ports/model.ts';
import type { Message } from '../../protocol/message.ts';
import { isMissing } from '../optional-packages.ts';

export interface TokenCount {
  readonly tokens: number;
  /** Whether the provider would count the same. If not, it is off by some percent, or more with files. */
  readonly isExact: boolean;
}

type Encoding = 'o200k_base' | 'cl100k_base';
type CountText = (text: string) => number;

interface Family {
  readonly encoding: Encoding;
  /** Chat and embedding models are counted apart: a message has a frame, a text to embed has none. */
  readonly frame: 'message' | 'none';
  readonly isExact: boolean;
}

/** https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken */
const MESSAGE_TOKENS = 3;
const ANSWER_TOKENS = 3;
const DATED = '(?:-\\d{4}(?:-\\d{2}-\\d{2})?)?$';

/** The first that fits. Exact are those whose counts the recordings repeat, and those of the page above. */
const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [new RegExp(`^gpt-4o(?:-mini)?${DATED}`), { encoding: 'o200k_base', frame: 'message', isExact: true }],
  [
    new RegExp(`^gpt-4\\.1(?:-mini|-nano)?${DATED}`),
    { encoding: 'o200k_base', frame: 'message', isExact: true },
  ],
  [
    new RegExp(`^gpt-(?:4|4-turbo|3\\.5-turbo)${DATED}`),
    { encoding: 'cl100k_base', frame: 'message', isExact: true },
  ],
  [/^text-embedding-(?:3-|ada-002)/, { encoding: 'cl100k_base', frame: 'none', isExact: true }],
  [
    /^(?:gpt-4[.o]|gpt-[5-9]|chatgpt|o\d|codex)/,
    { encoding: 'o200k_base', frame: 'message', isExact: false },
  ],
  [/^gpt-[34]/, { encoding: 'cl100k_base', frame: 'message', isExact: false }],
];

export async function countTokens(
  provider: string,
  modelId: string,
  messages: readonly Message[],
): Promise<TokenCount> {
  const family = familyOf(modelId);
  const count = family && (await loadTokenizer(family.encoding));
  if (!family || !count) return { tokens: estimate(messages), isExact: false };
  let tokens = family.frame === 'message' ? ANSWER_TOKENS : 0;
  let isText = true;
  for (const message of messages) {
    const text = textOf(message);
    isText &&= text !== undefined;
    tokens += count(text ?? JSON.stringify(message.content));
    if (family.frame === 'message') tokens += MESSAGE_TOKENS + 1; // a role is one token
  }
  return { tokens, isExact: isText && family.isExact && provider === 'openai' };
}

/** What counts the texts of `modelId`; undefined where its tokenizer is not known, or not installed. */
export async function loadCounter(provider: string, modelId: string): Promise<TokenCounter | undefined> {
  const family = familyOf(modelId);
  const count = family && (await loadTokenizer(family.encoding));
  if (!family || !count || family.frame === 'none') return undefined;
  const isExact = family.isExact && provider === 'openai';
  return { count, messageTokens: MESSAGE_TOKENS + 1, requestTokens: ANSWER_TOKENS, isExact };
}

function familyOf(modelId: string): Family | undefined {
  return FAMILIES.find(([name]) => name.test(modelId.slice(modelId.lastIndexOf('/') + 1)))?.[1];
}

/** The whole of a message that is text and nothing else. */
function textOf(message: Message): string | undefined {
  if (message.role === 'tool') return undefined;
  if (typeof message.content === 'string') return message.content;
  const texts = message.content.map((part) => (part.type === 'text' ? part.text : undefined));
  return texts.includes(undefined) ? undefined : texts.join('');
}

function estimate(messages: readonly Message[]): number {
  return estimateTokens(JSON.stringify(messages.map(({ content }) => content)));
}

/** Undefined where the package is not installed: then it is estimated. */
async function loadTokenizer(encoding: Encoding): Promise<CountText | undefined> {
  try {
    const { countTokens: count } =
      encoding === 'o200k_base'
        ? await import('gpt-tokenizer/encoding/o200k_base')
        : await import('gpt-tokenizer/encoding/cl100k_base');
    // Texts that look like special tokens are texts, as they are in a message.
    return (text) => count(text, { allowedSpecial: new Set(), disallowedSpecial: new Set() });
  } catch (error) {
    if (isMissing(error, 'gpt-tokenizer')) return undefined;
    throw error;
  }
}

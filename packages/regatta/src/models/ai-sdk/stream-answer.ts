/** A streamed answer while it grows: put together from the parts of the stream, in their order. */
import type { ModelEvent, ModelReply } from '../../ports/model.ts';
import type { Source } from '../../protocol/message.ts';
import { NO_USAGE } from '../../protocol/usage.ts';
import { toFinishReason } from './finish-reason.ts';
import { modelVersionOf } from './from-result.ts';
import { type ReadPart, type ReplyPart, textPart } from './part-reader.ts';
import { citing, toSource } from './source.ts';
import type { SpecFinishReason, SpecStreamPart } from './specification.ts';
import { toUsage } from './usage.ts';

/** A text or reasoning part that is still being written. */
interface Block {
  readonly type: 'text' | 'reasoning';
  text: string;
  metadata: Metadata | undefined;
}

type Metadata = Readonly<Record<string, object>>;

/** Thrown for a stream that ended early; `errors` gives it its code. */
export class IncompleteAnswer extends Error {
  override readonly name = 'IncompleteAnswer';
}

/** @see IncompleteAnswer for one that ends too early. */
export class StreamAnswer {
  readonly #readPart: ReadPart;
  /** In order of appearance; blocks are still open. */
  readonly #content: (Block | ReplyPart)[] = [];
  readonly #open = new Map<string, Block>();
  /** Tools whose arguments are being written, by the call's id; null for the provider's own. */
  readonly #tools = new Map<string, string | null>();
  #finishReason: SpecFinishReason | undefined;
  #usage = NO_USAGE;
  #modelId: string | null = null;
  #responseId: string | null = null;
  readonly #sources: Source[] = [];

  constructor(readPart: ReadPart) {
    this.#readPart = readPart;
  }

  /** @throws whatever an error part carries. */
  add(part: SpecStreamPart): ModelEvent | undefined {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start':
        this.#block(part.type === 'text-start' ? 'text' : 'reasoning', part);
        return undefined;
      case 'text-delta':
      case 'reasoning-delta': {
        const block = this.#block(part.type === 'text-delta' ? 'text' : 'reasoning', part);
        block.text += part.delta;
        return delta(block.type, part.delta, null);
      }
      case 'text-end':
      case 'reasoning-end':
        this.#block(part.type === 'text-end' ? 'text' : 'reasoning', part);
        this.#open.delete(part.id);
        return undefined;
      case 'tool-input-start':
        this.#tools.set(part.id, part.providerExecuted ? null : part.toolName);
        return undefined;
      case 'tool-input-delta': {
        const tool = this.#tools.get(part.id);
        return tool ? delta('tool-call', part.delta, tool) : undefined;
      }
      case 'tool-call': {
        const call = this.#readPart(part);
        if (!call) return undefined;
        this.#content.push(call);
        const isNews = call.type === 'tool-call' && !this.#tools.has(part.toolCallId);
        return isNews ? delta('tool-call', part.input, part.toolName) : undefined;
      }
      case 'response-metadata':
        this.#modelId = part.modelId ?? this.#modelId;
        this.#responseId = part.id ?? this.#responseId;
        return undefined;
      case 'raw':
        this.#modelId ??= modelVersionOf(part.rawValue);
        return undefined;
      case 'finish':
        this.#finishReason = part.finishReason;
        this.#usage = toUsage(part.usage);
        return undefined;
      case 'error':
        throw part.error;
      case 'stream-start':
      case 'tool-input-end':
      case 'ping':
        return undefined;
      default: {
        const source = toSource(part);
        if (source) this.#sources.push(source);
        const content = this.#readPart(part);
        if (content) this.#content.push(content);
        return undefined;
      }
    }
  }

  /** @throws IncompleteAnswer unless the model has said why it stopped. */
  finish(): ModelReply {
    const reason = this.#finishReason;
    if (reason === undefined || isUnsaid(reason)) {
      const chars = this.#content.reduce((sum, part) => sum + ('text' in part ? part.text.length : 0), 0);
      throw new IncompleteAnswer(`the stream ended after ${chars} characters without a finish reason`);
    }
    return {
      message: { role: 'assistant', content: this.#content.flatMap((part) => closed(part) ?? []) },
      finishReason: toFinishReason(reason),
      usage: this.#usage,
      modelId: this.#modelId,
      responseId: this.#responseId,
      ...citing(this.#sources),
    };
  }

  /** The open block of an id, with the part's metadata added; some packages send no start. */
  #block(
    type: Block['type'],
    part: { readonly id: string; readonly providerMetadata?: Metadata | undefined },
  ): Block {
    let block = this.#open.get(part.id);
    if (block?.type !== type) {
      block = { type, text: '', metadata: undefined };
      this.#open.set(part.id, block);
      this.#content.push(block);
    }
    if (part.providerMetadata) block.metadata = merge(block.metadata, part.providerMetadata);
    return block;
  }
}

/**
 * Whether the stream ended without the provider's last word: `interrupted` in version 4, and before it the
 * word that stands for none, which packages begin with.
 */
function isUnsaid(reason: SpecFinishReason): boolean {
  if (typeof reason === 'string') return reason === 'unknown';
  return reason.unified === 'interrupted' || (reason.unified === 'other' && reason.raw === undefined);
}

/** A signature may come with any piece of its block, the id of the block with another. */
function merge(older: Metadata | undefined, newer: Metadata): Metadata {
  const merged: Record<string, object> = { ...older };
  for (const [name, data] of Object.entries(newer)) merged[name] = { ...merged[name], ...data };
  return merged;
}

function closed(part: Block | ReplyPart): ReplyPart | undefined {
  return 'metadata' in part ? textPart(part.type, part.text, part.metadata) : part;
}

function delta(
  kind: 'text' | 'reasoning' | 'tool-call',
  text: string,
  tool: string | null,
): ModelEvent | undefined {
  return text === '' ? undefined : { type: 'delta', kind, text, tool };
}

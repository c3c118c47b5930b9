/**
 * Asks a model so that nothing is sent that its context window has no room for.
 *
 * What was made shorter stays so: the prompt keeps its beginning from turn to turn, and nothing is summed
 * up twice. Whoever asks keeps the whole conversation, and only ever adds to it.
 */
import { isRegattaError, RegattaError } from '../base/errors.ts';
import type { Model, ModelReply, ModelRequest, ToolSpec } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { ContextTrim } from '../protocol/event.ts';
import type { Message } from '../protocol/message.ts';
import type { ErrorData } from '../protocol/output.ts';
import { boundOf, Gauge } from './gauge.ts';
import { type Ask, summarise } from './summary.ts';
import { type Held, trim } from './trim.ts';

export interface FitOptions {
  /** What is to be asked: its window, its counter, its settings. */
  readonly model: Model;
  /** Messages that open the conversation: those of role `system` and the last one stay. */
  readonly opening: number;
  /** What else goes into each prompt, beside messages, tools and schema. */
  readonly extra: string;
}

/** Kept for an answer where the LLM sets no `maxTokens`: few are longer. Of small windows, a quarter. */
const RESERVED_TOKENS = 4096;
const RESERVED_SHARE = 1 / 4;
/** What a conversation is cut down to, so that it need not be cut again with the next turn. */
const TARGET_SHARE = 0.8;
/** Where the provider finds a prompt too long that was thought to fit. */
const REFUSED_SHARE = 0.7;
/** Then it is made shorter, and asked again, so often. */
const MAX_REFITS = 3;

type Request = Omit<ModelRequest, 'attempt'>;

/**
 * As `ask`, with conversations that fit. Where the window is not known, only what the provider refuses is
 * made shorter.
 *
 * @throws RegattaError `context/too-long` before anything is asked, or what `ask` throws.
 */
export function fitted(ask: Ask, options: FitOptions, context: RunContext): Ask {
  const conversation = new Conversation(ask, options, context);
  /** `refused` is why the request was not taken as it is; undefined = it was not made. */
  const refit = async (request: Request, key: string, refused?: RegattaError): Promise<ModelReply> => {
    let refusal = refused;
    for (let tries = refused === undefined ? 0 : 1; ; tries++) {
      const spanKey = tries === 0 ? key : `${key}-again-${tries}`;
      const messages = await conversation.fit(request, spanKey, refusal);
      try {
        return await ask({ ...request, messages }, spanKey);
      } catch (error) {
        if (!isRegattaError(error, 'model/context-length') || tries === MAX_REFITS) throw error;
        refusal = error;
      }
    }
  };
  return (request, key) => {
    const messages = conversation.known(request);
    if (messages === undefined) return refit(request, key);
    const fit = messages === request.messages ? request : { ...request, messages };
    return ask(fit, key).catch((error: unknown) => {
      if (!isRegattaError(error, 'model/context-length')) throw error;
      return refit(request, key, error);
    });
  };
}

class Conversation {
  readonly #ask: Ask;
  readonly #options: FitOptions;
  readonly #context: RunContext;
  readonly #reserved: number;
  /** What the conversation has become; undefined = it was never looked into. */
  #held: readonly Held[] | undefined;
  /** Messages of the whole conversation that `#held` stands for. */
  #covered = 0;
  #gauge: Gauge | undefined;
  /** The tools of the last request, and how much they can take at most. */
  #besides: { readonly tools: Request['tools']; readonly bound: number } | undefined;
  /** What a request may take: by the window, or less once the provider has refused one. */
  #limit: number;

  constructor(ask: Ask, options: FitOptions, context: RunContext) {
    const { contextWindow = Number.POSITIVE_INFINITY, parameters } = options.model;
    const { maxTokens } = parameters ?? {};
    this.#ask = ask;
    this.#options = options;
    this.#context = context;
    this.#reserved =
      typeof maxTokens === 'number'
        ? maxTokens
        : Math.min(RESERVED_TOKENS, Math.floor(contextWindow * RESERVED_SHARE));
    this.#limit = contextWindow - this.#reserved;
  }

  /** The messages to send, where it takes no counting to see that they fit. */
  known(request: Request): readonly Message[] | undefined {
    const messages = this.#held === undefined ? request.messages : textsOf(this.#take(request.messages));
    return this.#fitsForSure(request, messages) ? messages : undefined;
  }

  /** `refusal` is why the last request, which was thought to fit, was not taken. */
  async fit(request: Request, key: string, refusal: unknown): Promise<readonly Message[]> {
    const held = this.#take(request.messages);
    const messages = textsOf(held);
    const gauge = await this.#open();
    const fixed = this.#fixed(request, gauge);
    const before = fixed + gauge.messages(messages);
    if (refusal !== undefined) this.#limit = Math.floor(Math.min(before, this.#limit) * REFUSED_SHARE);
    const limit = this.#limit;
    if (before <= limit) return messages;
    const notes: { error: ErrorData | null } = { error: null };
    const trimmed = await trim(held, {
      gauge,
      target: Math.floor(limit * TARGET_SHARE) - fixed,
      summarise: (older, maxTokens) => this.#summarise(older, { gauge, limit, key, maxTokens }, notes),
    });
    const after = fixed + gauge.messages(textsOf(trimmed.held));
    if (after > limit || (refusal !== undefined && after >= before)) throw refusal ?? this.#tooLong(after);
    this.#held = trimmed.held;
    const { shortened, summarised, dropped } = trimmed;
    const body: ContextTrim = {
      type: 'context.trim',
      model: this.#options.model.id,
      because: refusal === undefined ? 'window' : 'provider',
      beforeTokens: before,
      afterTokens: after,
      limitTokens: limit,
      isExact: gauge.isExact,
      shortened,
      summarised,
      dropped,
      error: notes.error,
    };
    await this.#context.tell(body);
    return textsOf(trimmed.held);
  }

  /** Without counting: most conversations are far from any limit. */
  #fitsForSure({ tools, output }: Request, messages: readonly Message[]): boolean {
    if (this.#limit === Number.POSITIVE_INFINITY) return true;
    if (this.#besides?.tools !== tools) this.#besides = { tools, bound: boundOf([asText(tools)]) };
    const { extra } = this.#options;
    const rest = boundOf([{ role: 'system', content: `${extra}${JSON.stringify(output)}` }]);
    return boundOf(messages) + this.#besides.bound + rest <= this.#limit;
  }

  /** Adds what is new to what is held. */
  #take(all: readonly Message[]): readonly Held[] {
    const { opening } = this.#options;
    const added = all.slice(this.#covered).map((message, index): Held => {
      const at = this.#covered + index;
      const isPinned = at < opening && (message.role === 'system' || at === opening - 1);
      return { message, isPinned };
    });
    this.#held = [...(this.#held ?? []), ...added];
    this.#covered = all.length;
    return this.#held;
  }

  async #open(): Promise<Gauge> {
    this.#gauge ??= new Gauge(await this.#options.model.loadCounter?.());
    return this.#gauge;
  }

  #fixed({ tools, output }: Request, gauge: Gauge): number {
    const { extra } = this.#options;
    return (
      gauge.requestTokens +
      (tools.length === 0 ? 0 : gauge.json(specsOf(tools))) +
      (output === null ? 0 : gauge.json(output.schema)) +
      (extra === '' ? 0 : gauge.text(extra))
    );
  }

  async #summarise(
    messages: readonly Message[],
    options: {
      readonly gauge: Gauge;
      readonly limit: number;
      readonly key: string;
      readonly maxTokens: number;
    },
    notes: { error: ErrorData | null },
  ): Promise<string | null> {
    const { text, error } = await summarise(messages, { ...options, ask: this.#ask });
    notes.error = error;
    return text;
  }

  #tooLong(tokens: number): RegattaError {
    const { id: model, contextWindow = 0 } = this.#options.model;
    const reservedTokens = this.#reserved;
    return new RegattaError(
      'context/too-long',
      `The task needs ${tokens} tokens at least, and model "${model}" has a context window of ${contextWindow}, of which ${reservedTokens} are kept for the answer. Give it less to read, lower maxTokens, or name a model with a larger window.`,
      { model, contextWindow, reservedTokens, tokens },
    );
  }
}

function textsOf(held: readonly Held[]): readonly Message[] {
  return held.map(({ message }) => message);
}

/** A tool may carry more than a model is told of it. */
function specsOf(tools: readonly ToolSpec[]): readonly ToolSpec[] {
  return tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
}

function asText(tools: readonly ToolSpec[]): Message {
  return { role: 'system', content: JSON.stringify(specsOf(tools)) };
}

/** The seam to every model of embeddings: texts in, vectors out. */
import type { JsonObject } from '../base/json.ts';
import type { Secret } from '../base/secret.ts';
import type { Price, Usage } from '../protocol/usage.ts';
import type { CallContext } from './call-context.ts';
import type { RetryPolicy } from './model.ts';
import type { CachePolicy } from './reply-store.ts';
import type { Scope } from './scope.ts';

export type Vector = readonly number[];

export interface EmbedReply {
  /** One for each text, in the order of the texts. */
  readonly vectors: readonly Vector[];
  readonly usage: Usage;
  /** As the provider names what answered; null where it does not say. */
  readonly modelId: string | null;
}

export interface Embedder {
  /** `provider/model`. */
  readonly id: string;
  /** Texts that one request may carry. Absent = any number. */
  readonly maxTexts?: number | undefined;
  /** Known prices; absent = unknown, and the cost is `null`. */
  readonly price?: Price | undefined;
  /**
   * Makes one request for all `texts`, of which there is at least one, and never retries by itself.
   * Stops when `context.signal` is aborted. Fails with a RegattaError `model/*`.
   */
  embed(texts: readonly string[], context: CallContext): Promise<EmbedReply>;
}

/** Settings of an embedder, checked. What is absent is the provider's default. */
export interface EmbedderSettings {
  /** Length of the vectors, for models that can be asked for one. */
  readonly dimensions?: number;
  readonly apiKey?: Secret;
  readonly baseURL?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof globalThis.fetch;
  /** Passed through to the provider package, by provider name. */
  readonly providerOptions?: Readonly<Record<string, JsonObject>>;
  readonly price?: Price;
  /** In place of the number that one request of the provider may carry. */
  readonly maxTexts?: number;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** Absent = vectors are not kept. */
  readonly cache?: CachePolicy;
}

/** `new Embedder({…})` as data; the runtime resolves it. */
export interface EmbedderDefinition {
  /** `provider/model`, an `Embedder`, or an embedding model of another library that a provider can adopt. */
  readonly model: string | object;
  readonly settings: EmbedderSettings;
  readonly scope: Scope;
}

/** An embedder that is open, and how it is to be asked. */
export interface ReadyEmbedder {
  readonly embedder: Embedder;
  readonly settings: Pick<EmbedderSettings, 'timeoutMs' | 'retry'>;
  /** Absent = vectors are not kept. */
  readonly cache?: VectorCache;
}

/** How the vectors of one embedder are kept, each by its text. */
export interface VectorCache {
  readonly policy: CachePolicy;
  readonly keyOf: (text: string, context: CallContext) => string;
  /** Texts of the runtime that are asked for, by key: who needs one as well waits for it. */
  readonly flights: Map<string, Promise<VectorLanding>>;
}

export interface KeptVector {
  readonly vector: Vector;
  /** Its share of what the request took. */
  readonly inputTokens: number | null;
  readonly costNanoUsd: number | null;
}

/** What became of a text that one asked for all. */
export type VectorLanding =
  | { readonly is: 'answered'; readonly kept: KeptVector }
  /** What it got is of no use to others. */
  | { readonly is: 'failed' }
  /** It went before there was an answer. */
  | { readonly is: 'left' };

/** The seam to vendors: turns the first half of `provider/model` into something that opens models. */
import type { Price } from '../protocol/usage.ts';
import type { Embedder, EmbedderSettings } from './embedder.ts';
import type { Model, ModelSettings, TokenCounter } from './model.ts';

/** Environment variables by name. Never read from `process.env` below the public classes. */
export type Env = Readonly<Record<string, string | undefined>>;

export interface Providers {
  /** Names that may stand before the slash, sorted. */
  readonly names: readonly string[];
  /**
   * Opens `modelId` of `provider`, which is one of `names`. May load the vendor's package, so it is
   * called on first use only.
   *
   * @throws RegattaError `llm/missing-key` or `llm/missing-base-url` naming the variable, or
   * `llm/missing-package` naming the command that installs it.
   */
  open(provider: string, modelId: string, settings: ModelSettings, env: Env): Promise<Model>;
  /** The known price of `modelId`; undefined = unknown, and costs are `null`. Loads nothing. */
  priceOf(provider: string, modelId: string): Price | undefined;
  /** Tokens that prompt and answer of `modelId` may have together; null = not known. Loads nothing. Absent = of no model. */
  contextWindowOf?(provider: string, modelId: string): number | null;
  /** Loads what counts the tokens of `modelId`; undefined = nothing does. Absent = of no model. */
  loadCounter?(provider: string, modelId: string): Promise<TokenCounter | undefined>;
  /** Environment variables that say where `provider` is asked: its base URL, region, project. Absent = none. */
  placeVariables?(provider: string): readonly string[];
  /** Wraps a model object of another library; undefined for one it does not know. */
  adopt(object: object, settings: ModelSettings): Model | undefined;
  /** Absent = no embeddings at all. */
  readonly embedders?: EmbedderProviders;
  /** Closes the sockets. Idempotent. */
  close(): Promise<void>;
}

/** The same for embeddings. */
export interface EmbedderProviders {
  /** Those of the names that offer embeddings, sorted. */
  readonly names: readonly string[];
  /** @throws RegattaError as `Providers.open`. */
  open(provider: string, modelId: string, settings: EmbedderSettings, env: Env): Promise<Embedder>;
  /** Wraps an embedding model of another library; undefined for one it does not know. */
  adopt(object: object, settings: EmbedderSettings): Promise<Embedder> | undefined;
}

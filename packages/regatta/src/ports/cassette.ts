/**
 * The seam to recordings: in place of the models and embedders of a runtime, one that records them or plays
 * them back.
 */
import type { JsonObject } from '../base/json.ts';
import type { Embedder } from './embedder.ts';
import type { Model } from './model.ts';

export interface Cassette {
  /** The same model, recorded or played. */
  wrap(model: Model): Model;
  /** Likewise for a model that need not be opened where it is played: then no key is needed. */
  open(named: NamedModel, open: () => Promise<Model>): Promise<Model>;
  /** The same embedder, recorded or played. */
  wrapEmbedder(embedder: Embedder): Embedder;
  /** As `open`. `parameters` are what the vectors depend on besides model and text. */
  openEmbedder(named: NamedModel, open: () => Promise<Embedder>): Promise<Embedder>;
  /** Writes what was recorded, whole or not at all. Idempotent. */
  save(): Promise<void>;
}

export interface NamedModel {
  /** `provider/model`. */
  readonly id: string;
  readonly parameters: JsonObject;
  /** Texts that must not be recorded, such as keys. */
  readonly secrets: readonly string[];
}

/** The seam to recordings: in place of the models of a runtime, one that records them or plays them back. */
import type { JsonObject } from '../base/json.ts';
import type { Model } from './model.ts';

export interface Cassette {
  /** The same model, recorded or played. */
  wrap(model: Model): Model;
  /** Likewise for a model that need not be opened where it is played: then no key is needed. */
  open(named: NamedModel, open: () => Promise<Model>): Promise<Model>;
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

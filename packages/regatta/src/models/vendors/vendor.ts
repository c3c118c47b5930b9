/** What each vendor's file gives, and what it is given. */
import type { Embedder, EmbedderSettings } from '../../ports/embedder.ts';
import type { Model, ModelSettings } from '../../ports/model.ts';
import type { Env } from '../../ports/provider.ts';

/** What every vendor needs to open a model. `fetch` is the one of the settings, or ours. */
export interface Opening<Settings = ModelSettings> {
  readonly provider: string;
  readonly modelId: string;
  readonly settings: Settings;
  readonly env: Env;
  readonly fetch: typeof globalThis.fetch;
}

/** As much of an opening as says where a provider is and who asks. */
export type Access = Opening<Pick<ModelSettings, 'apiKey' | 'baseURL'>>;

export interface Vendor {
  open(opening: Opening): Promise<Model>;
  /** Absent = it offers no embeddings that are known here. */
  embed?(opening: Opening<EmbedderSettings>): Promise<Embedder>;
}

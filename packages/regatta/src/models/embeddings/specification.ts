/** Embedding models of the AI SDK's provider specification, versions 2 to 4, as one. */
import type { EmbeddingModelV2, EmbeddingModelV3, EmbeddingModelV4 } from '@ai-sdk/provider';

export type EmbeddingModel = EmbeddingModelV2<string> | EmbeddingModelV3 | EmbeddingModelV4;

const VERSIONS: ReadonlySet<unknown> = new Set(['v2', 'v3', 'v4']);

/** Whether `value` is an embedding model of a version known here. */
export function isEmbeddingModel(value: object): value is EmbeddingModel {
  return (
    'specificationVersion' in value &&
    VERSIONS.has(value.specificationVersion) &&
    'doEmbed' in value &&
    typeof value.doEmbed === 'function'
  );
}

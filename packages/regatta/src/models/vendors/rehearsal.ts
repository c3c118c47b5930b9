/** The provider that is none: no key, no network. */
import { createRehearsalEmbedder } from '../embeddings/rehearsal.ts';
import { createRehearsalModel } from '../rehearsal.ts';
import type { Vendor } from './vendor.ts';

export const rehearsal: Vendor = {
  open: async ({ modelId }) => createRehearsalModel(modelId),
  embed: async ({ modelId, settings }) => createRehearsalEmbedder(modelId, settings.dimensions),
};

/** What an answer cites, from the specification's words to ours. */
import type { Source } from '../../protocol/message.ts';
import { providerData } from './provider-data.ts';
import type { SpecContent, SpecStreamPart } from './specification.ts';

type SpecSource = Extract<SpecContent, { type: 'source' }>;

/** Undefined for a part that is no source. */
export function toSource(part: SpecContent | SpecStreamPart): Source | undefined {
  if (part.type !== 'source') return undefined;
  const source: SpecSource = part;
  const { id, title = null } = source;
  const data = providerData(source.providerMetadata);
  if (source.sourceType === 'url') return { id, kind: 'url', url: source.url, title, ...data };
  const { mediaType, filename = null } = source;
  return { id, kind: 'document', mediaType, title: title ?? '', filename, ...data };
}

/** The field of a reply; absent where nothing is cited. */
export function citing(sources: readonly Source[]): { readonly sources?: readonly Source[] } {
  return sources.length === 0 ? {} : { sources };
}

/** Marks for secrets: each says whose it is and where it was put, so that it can be told where it turns up. */

export type SecretKind = 'prompt' | 'tool' | 'key' | 'context';

/** A secret of a tenant. Not in the shape of any vendor's key, so that only who knows it can take it out. */
export function canaryOf(tenant: number, kind: SecretKind): string {
  return `canary-${tenant}-${kind}-end`;
}

/** What was found where it should not be. */
export interface Hits {
  /** Secrets of somebody else. */
  foreign: number;
  /** The owner's own, where no secret of this kind may be. */
  leaked: number;
  /** Kinds and places of all of them. */
  readonly places: Set<string>;
}

const CANARY = /canary-(\d+)-(prompt|tool|key|context)-end/g;

export interface Search {
  readonly owner: number;
  /** What the owner's own text may hold. */
  readonly allowed: readonly SecretKind[];
  /** What it is that is searched, such as `event`. */
  readonly place: string;
}

/** Counts in `hits` the secrets in `text` that should not be there. */
export function search(text: string, { owner, allowed, place }: Search, hits: Hits): void {
  for (const [, tenant, kind] of text.matchAll(CANARY)) {
    const isForeign = Number(tenant) !== owner;
    if (!isForeign && allowed.includes(kind as SecretKind)) continue; // the pattern lets no other kind through
    if (isForeign) hits.foreign++;
    else hits.leaked++;
    hits.places.add(`${isForeign ? 'foreign ' : ''}${kind} in ${place}`);
  }
}

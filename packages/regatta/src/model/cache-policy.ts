/** `cache` of an LLM or an embedder: checked, and with every default decided. */
import { Problems, show } from '../base/problems.ts';
import type { CachePolicy } from '../ports/reply-store.ts';

/** As users write it. */
export type CacheInit = Pick<CachePolicy, 'store'> & Partial<CachePolicy>;

/** News of an hour ago is still news; who asks for facts that last says so. */
const CACHE_TTL_MS = 3_600_000;

/** @throws RegattaError `definition/invalid`. `owner` is what has the cache, for its message. */
export function toCachePolicy(given: CacheInit, owner: string): CachePolicy {
  const { store, ttlMs = CACHE_TTL_MS, scope = 'runtime' } = given;
  const problems = new Problems(`The cache of the ${owner}`);
  const isStore = typeof store === 'object' && store !== null && typeof store.read === 'function';
  if (!isStore) {
    const text = `cache.store must be a store of replies, got ${show(store)}. Write for example memoryCache().`;
    problems.add('cache.store', store, text);
  }
  problems.duration('cache.ttlMs', ttlMs);
  problems.text('cache.scope', scope);
  if (isStore && store.outlivesRuntime && (scope === 'run' || scope === 'runtime')) {
    const text = `cache.scope "${scope}" ends before its store does, so nobody would find the replies again. Name who shares them, for example "tenant-a".`;
    problems.add('cache.scope', scope, text);
  }
  problems.throwIfAny();
  return Object.freeze({ store, ttlMs, scope });
}

/**
 * Who hears an event is decided where its span opens.
 *
 * A scope grows inwards (runtime, crew, run, task, agent, model) and is never changed: spans that
 * share a parent cannot add, drop or redirect each other's observers, and there is nothing to
 * unregister.
 */
import type { Entry, Scope } from '../ports/scope.ts';

export const EMPTY_SCOPE: Scope = Object.freeze([]);

/** One scope's own entries: of each key only the newest, at the place where it was registered. */
export function createScope(entries: readonly Entry[]): Scope {
  if (entries.length === 0) return EMPTY_SCOPE;
  if (entries.length === 1) return Object.freeze([...entries]);
  const byKey = new Map<unknown, Entry>();
  for (const entry of entries) {
    byKey.delete(entry.key); // so that the newest also takes the newest place
    byKey.set(entry.key, entry);
  }
  return Object.freeze([...byKey.values()]);
}

/**
 * `outer` with the entries of an inner scope behind it. The same key inside hides the one outside,
 * unless that one is locked: then both count. Gives `outer` itself when the inner scope adds nothing.
 */
export function extendScope(outer: Scope, inner: Scope): Scope {
  if (inner.length === 0) return outer;
  if (outer.length === 0) return inner;
  const hidden = new Set(inner.map(({ key }) => key));
  const kept = outer.filter(({ key, isLocked }) => isLocked || !hidden.has(key));
  return Object.freeze([...kept, ...inner]);
}

/** One registration of an observer, with every option decided. */
import type { EventPattern, Observer, ObserverEntry, OverflowPolicy } from '../ports/observer.ts';

export interface EntryOptions {
  /** Default: the observer itself, so that the same function counts once in a scope. */
  readonly key?: unknown;
  readonly name?: string | undefined;
  readonly on?: readonly EventPattern[] | undefined;
  readonly locked?: boolean | undefined;
  readonly capacity?: number | undefined;
  readonly onFull?: OverflowPolicy | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Events that may wait for a slow observer: some hundred model calls' worth. */
const CAPACITY = 1024;
/** As LiteLLM's logging worker: long enough for a slow upload, short enough to notice. */
const TIMEOUT_MS = 20_000;

export function createEntry(observe: Observer, options: EntryOptions = {}): ObserverEntry {
  return Object.freeze({
    key: options.key ?? observe,
    name: options.name ?? (observe.name === '' ? 'callback' : observe.name),
    observe,
    on: options.on ?? null,
    isLocked: options.locked ?? false,
    capacity: options.capacity ?? CAPACITY,
    onFull: options.onFull ?? 'drop-newest',
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
  });
}

/** Compiled `on` patterns: whether an entry hears an event type. */
export function createFilter(on: readonly EventPattern[] | null): (type: string) => boolean {
  if (on === null || on.includes('*')) return () => true;
  const types = new Set<string>(on);
  return (type) => types.has(type) || types.has(`${type.slice(0, type.indexOf('.'))}.*`);
}

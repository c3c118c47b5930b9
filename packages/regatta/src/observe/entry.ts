/** Entries of a scope, with every option decided. */
import type { EventPattern, Observer } from '../ports/observer.ts';
import type { ObserverEntry, OverflowPolicy } from '../ports/scope.ts';

export interface EntryOptions {
  /** Default: the observer itself, so that the same function counts once in a scope. */
  readonly key?: unknown;
  readonly name?: string | undefined;
  readonly on?: readonly EventPattern[] | null | undefined;
  readonly locked?: boolean | undefined;
  readonly capacity?: number | undefined;
  readonly onFull?: OverflowPolicy | undefined;
  readonly blockMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly breakAfter?: number | undefined;
  readonly breakMs?: number | undefined;
}

/** Events that may wait for a slow observer: some hundred model calls' worth. */
const CAPACITY = 1024;
/** A run is held up by a full lane at most this long for an event: about a slow write. */
const BLOCK_MS = 1000;
/** As LiteLLM's logging worker: long enough for a slow upload, short enough to notice. */
const TIMEOUT_MS = 20_000;
/** An observer that failed so often in a row is broken, not unlucky. */
const BREAK_AFTER = 16;
const BREAK_MS = 10_000;

export function createEntry(observe: Observer, options: EntryOptions = {}): ObserverEntry {
  return Object.freeze({
    kind: 'observer',
    key: options.key ?? observe,
    name: options.name ?? (observe.name === '' ? 'callback' : observe.name),
    isLocked: options.locked ?? false,
    observe,
    on: options.on ?? null,
    capacity: options.capacity ?? CAPACITY,
    onFull: options.onFull ?? 'drop-newest',
    blockMs: options.blockMs ?? BLOCK_MS,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    breakAfter: options.breakAfter ?? BREAK_AFTER,
    breakMs: options.breakMs ?? BREAK_MS,
  });
}

/** Compiled `on` patterns: whether an entry hears an event type. */
export function createFilter(on: readonly EventPattern[] | null): (type: string) => boolean {
  if (on === null || on.includes('*')) return () => true;
  const types = new Set<string>(on);
  return (type) => types.has(type) || types.has(`${type.slice(0, type.indexOf('.'))}.*`);
}

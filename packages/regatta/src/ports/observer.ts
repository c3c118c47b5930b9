/** The seam to whoever watches: what users register as callbacks. */
import type { EventType, RunEvent } from '../protocol/event.ts';

/**
 * Hears the events of its scope, per run in order and one at a time.
 *
 * May be slow, may throw, may never settle: the run and the other observers do not feel it. What it
 * gets is frozen. What it returns is ignored, but a promise is waited for before the next event.
 */
export type Observer = (event: RunEvent) => unknown;

/** `*` = all; `model.*` = all of a noun; or one type. */
export type EventPattern = '*' | `${'run' | 'task' | 'agent' | 'model' | 'tool' | 'output'}.*` | EventType;

/** What to do when an observer's lane is full. Ends of spans are never dropped. */
export type OverflowPolicy = 'drop-newest' | 'drop-oldest';

/** One registration in a scope. */
export interface ObserverEntry {
  /** Inside a scope the newest of a key replaces the older; an inner scope's hides an outer's. */
  readonly key: unknown;
  readonly name: string;
  readonly observe: Observer;
  /** Null = all events. */
  readonly on: readonly EventPattern[] | null;
  /** Cannot be hidden by an inner scope. */
  readonly isLocked: boolean;
  /** Events that may wait in this observer's lane of one run. */
  readonly capacity: number;
  readonly onFull: OverflowPolicy;
  /** Milliseconds after which an event's handling counts as failed and the next one is handed over. */
  readonly timeoutMs: number;
}

/** The observers of a span, outermost first. Frozen, and shared by every span that adds none. */
export type ObserverChain = readonly ObserverEntry[];

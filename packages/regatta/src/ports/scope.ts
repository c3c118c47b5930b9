/** What users register, as entries of a scope. */
import type { RunEvent } from '../protocol/event.ts';
import type { Guard, GuardPoint } from './guard.ts';
import type { EventPattern, Observer } from './observer.ts';

/** Events that did not fit in a lane, kept elsewhere until there is room. */
export interface Spill {
  /** Keeps `event` behind those kept before. Rejects when it cannot: the lane then counts it as dropped. */
  write(event: RunEvent): Promise<void>;
  /** The oldest events kept, at most `limit`, in order; they are not kept any longer. */
  take(limit: number): Promise<readonly RunEvent[]>;
  /** Throws away what is kept. */
  close(): Promise<void>;
}

/**
 * What to do when an observer's lane is full. Ends of spans are never dropped for that reason.
 *
 * `coalesce` joins pieces of the same answer; `block` makes the run wait, at most `blockMs`, then drops
 * the newest; a function opens a place to keep events outside of the lane.
 */
export type OverflowPolicy = 'drop-newest' | 'drop-oldest' | 'coalesce' | 'block' | (() => Spill);

interface EntryBase {
  /** Inside a scope the newest of a key replaces the older; an inner scope's hides an outer's. */
  readonly key: unknown;
  readonly name: string;
  /** Cannot be hidden by an inner scope. */
  readonly isLocked: boolean;
}

export interface ObserverEntry extends EntryBase {
  readonly kind: 'observer';
  readonly observe: Observer;
  /** Null = all events. */
  readonly on: readonly EventPattern[] | null;
  /** Events that may wait in this observer's lane of one run. */
  readonly capacity: number;
  readonly onFull: OverflowPolicy;
  /** For `block`: milliseconds that one event may hold the run up. */
  readonly blockMs: number;
  /** Milliseconds after which an event's handling counts as failed and the next one is handed over. */
  readonly timeoutMs: number;
  /** Failures in a row after which events are dropped, and counted, for a while. */
  readonly breakAfter: number;
  /** Milliseconds of that while. */
  readonly breakMs: number;
}

/** Changes what the observers behind it in the chain see: the same scope's later ones, and the inner scopes'. */
export interface TransformEntry extends EntryBase {
  readonly kind: 'transform';
  /** Synchronous. What it throws keeps the event from those behind it: it fails closed. */
  readonly transform: (event: RunEvent) => RunEvent;
}

export interface GuardEntry extends EntryBase {
  readonly kind: 'guard';
  readonly at: GuardPoint;
  readonly check: Guard;
  readonly timeoutMs: number;
}

/** Bounds how often models are asked inside its scope, by all runs of a runtime together. */
export interface LimitEntry extends EntryBase {
  readonly kind: 'limit';
  readonly requestsPerMinute: number;
}

export type Entry = ObserverEntry | TransformEntry | GuardEntry | LimitEntry;

/** Who hears and guards a span, outermost first. Frozen, and shared by every span that adds nobody. */
export type Scope = readonly Entry[];

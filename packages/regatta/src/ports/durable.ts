/** Handlers of events that are kept until they are handled, whatever becomes of the process. */
import type { RunEvent } from '../protocol/event.ts';
import type { EventPattern } from './observer.ts';

export interface DurableContext {
  /** The same for each try, and no other event's: by it a handler knows what it has done already. */
  readonly deliveryId: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when the time for this event is up. */
  readonly signal: AbortSignal;
}

/** What it returns is waited for. What it throws means another try. */
export type DurableHandler = (event: RunEvent, context: DurableContext) => unknown;

export interface DeliverOptions {
  /** Events to hear, such as `['model.*', 'run.end']`. @default all */
  readonly on?: readonly EventPattern[];
  /** Milliseconds until one handling counts as failed. @default 20000 */
  readonly timeoutMs?: number;
}

/** What a runtime registers with its engine. */
export interface DurableEntry {
  readonly kind: 'durable';
  /** By it the engine knows the handler again, in whatever process. */
  readonly name: string;
  readonly handle: DurableHandler;
  readonly options: DeliverOptions;
}

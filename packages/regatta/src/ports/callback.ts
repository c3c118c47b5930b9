/** What an adapter of another callback contract, or of a vendor, gives the core. */
import type { EventPattern, Observer } from './observer.ts';

export interface AdaptedCallback {
  readonly name: string;
  /** Inside a scope the newest of a key replaces the older. */
  readonly key: unknown;
  /** Null = all events. */
  readonly on: readonly EventPattern[] | null;
  /** Returns a promise where it sends: the run's flush waits for it. */
  readonly observe: Observer;
}

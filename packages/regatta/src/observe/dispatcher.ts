/** A run's events on their way to its observers: one lane for each, made when it is first needed. */
import type { ObserverChain, ObserverEntry } from '../ports/observer.ts';
import type { RunEvent } from '../protocol/event.ts';
import { createFilter } from './entry.ts';
import { Lane, type LaneCounts, type LaneOptions } from './lane.ts';

interface Listener {
  readonly lane: Lane;
  readonly hears: (type: string) => boolean;
}

export class Dispatcher {
  readonly #options: LaneOptions;
  /** By registration, so that an observer hears the spans of a run through one lane, in order. */
  readonly #listeners = new Map<ObserverEntry, Listener>();
  readonly #byChain = new Map<ObserverChain, readonly Listener[]>();

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Hands `event` to every observer of `chain` that wants it, outermost first. Never throws, never waits. */
  publish(event: RunEvent, chain: ObserverChain): void {
    if (chain.length === 0) return;
    for (const { lane, hears } of this.#listenersOf(chain)) if (hears(event.type)) lane.push(event);
  }

  /** Resolves when every event published until now is delivered, failed or dropped. */
  async settle(): Promise<void> {
    await Promise.all(Array.from(this.#listeners.values(), ({ lane }) => lane.settle()));
  }

  counts(): readonly LaneCounts[] {
    return Array.from(this.#listeners.values(), ({ lane }) => lane.counts());
  }

  #listenersOf(chain: ObserverChain): readonly Listener[] {
    let listeners = this.#byChain.get(chain);
    if (listeners === undefined) {
      listeners = chain.map((entry) => this.#listenerOf(entry));
      this.#byChain.set(chain, listeners);
    }
    return listeners;
  }

  #listenerOf(entry: ObserverEntry): Listener {
    let listener = this.#listeners.get(entry);
    if (listener === undefined) {
      listener = { lane: new Lane(entry, this.#options), hears: createFilter(entry.on) };
      this.#listeners.set(entry, listener);
    }
    return listener;
  }
}

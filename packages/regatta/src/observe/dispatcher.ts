/**
 * A run's events on their way to its observers: one lane for each, made when it is first needed.
 *
 * Transforms stand in the chain between observers: each changes what those behind it see. One that
 * fails keeps the event from them, and every observer that missed it is counted.
 */
import { deepFreeze } from '../base/json.ts';
import type { ObserverEntry, Scope, TransformEntry } from '../ports/scope.ts';
import type { RunEvent } from '../protocol/event.ts';
import { createFilter } from './entry.ts';
import { Lane, type LaneCounts, type LaneOptions } from './lane.ts';

interface Listener {
  readonly lane: Lane;
  readonly hears: (type: string) => boolean;
}

type Stage = Listener | TransformEntry;

export interface DispatcherOptions extends Omit<LaneOptions, 'enter'> {
  /** Called once, for the first observer: what is ambient then is ambient to all of them. */
  readonly openEnter: () => LaneOptions['enter'];
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  #lanes: LaneOptions | undefined;
  /** By registration, so that an observer hears all spans of a run through one lane, in order. */
  readonly #listeners = new Map<ObserverEntry, Listener>();
  readonly #stages = new Map<Scope, readonly Stage[]>();
  #withheld = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Events that a failed transform kept from observers: each counts once for each that missed it. */
  get withheld(): number {
    return this.#withheld;
  }

  /**
   * Hands `event` to every observer of `scope` that wants it, outermost first. Never throws. Gives a
   * promise when an observer asks the run to wait for it.
   */
  publish(event: RunEvent, scope: Scope): Promise<unknown> | undefined {
    if (scope.length === 0) return undefined;
    const stages = this.#stagesOf(scope);
    let seen = event;
    let waits: Promise<void>[] | undefined;
    for (let index = 0; index < stages.length; index++) {
      const stage = stages[index] as Stage; // below the length
      if ('lane' in stage) {
        if (!stage.hears(seen.type)) continue;
        stage.lane.push(seen);
        const room = stage.lane.room();
        if (room !== undefined) waits = [...(waits ?? []), room];
        continue;
      }
      try {
        seen = deepFreeze(toEvent(stage.transform(seen), stage.name)); // those behind it share what it gave
      } catch (error) {
        this.#withhold(stages.slice(index + 1), event);
        this.#tell(error, event, stage.name);
        break;
      }
    }
    return waits && Promise.all(waits);
  }

  /** Settles when every event published until now is accounted for. Undefined when it is already. */
  settle(): Promise<unknown> | undefined {
    const waits: Promise<void>[] = [];
    for (const { lane } of this.#listeners.values()) {
      const wait = lane.settle();
      if (wait !== undefined) waits.push(wait);
    }
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  counts(): readonly LaneCounts[] {
    return Array.from(this.#listeners.values(), ({ lane }) => lane.counts());
  }

  #tell(error: unknown, event: RunEvent, name: string): void {
    try {
      this.#options.onError(error, event, name);
    } catch {
      // Whoever hears of failures may fail too. What is withheld is counted.
    }
  }

  #withhold(stages: readonly Stage[], { type }: RunEvent): void {
    for (const stage of stages) if ('lane' in stage && stage.hears(type)) this.#withheld++;
  }

  #stagesOf(scope: Scope): readonly Stage[] {
    let stages = this.#stages.get(scope);
    if (stages === undefined) {
      stages = scope.flatMap((entry) => {
        if (entry.kind === 'guard' || entry.kind === 'limit') return [];
        return [entry.kind === 'transform' ? entry : this.#listenerOf(entry)];
      });
      this.#stages.set(scope, stages);
    }
    return stages;
  }

  #listenerOf(entry: ObserverEntry): Listener {
    let listener = this.#listeners.get(entry);
    if (listener === undefined) {
      this.#lanes ??= { ...this.#options, enter: this.#options.openEnter() };
      listener = { lane: new Lane(entry, this.#lanes), hears: createFilter(entry.on) };
      this.#listeners.set(entry, listener);
    }
    return listener;
  }
}

/** What a transform gave, if that is an event. Types exclude nothing and promises, and JavaScript does not look at them. */
function toEvent(given: RunEvent, name: string): RunEvent {
  if (typeof given?.type === 'string') return given;
  throw new Error(
    `Transform "${name}" gave no event. Let it return the event, changed or as it is, and no promise.`,
  );
}

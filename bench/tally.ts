/**
 * Counts the events of one crew: which of those that it owes have come, and which are another's.
 *
 * An event is foreign if it carries another run's id, or if its text carries another crew's marker.
 */

/** What a contestant tells of an event. */
export interface HeardEvent {
  readonly type: string;
  /** The contestant's own name for the run. */
  readonly runId: string;
  /** A text of the event in which the crew's marker stands; null if it has none. */
  readonly text: string | null;
}

export interface EventObserver {
  hear(event: HeardEvent): void;
}

export interface Count {
  readonly expected: number;
  /** Own events, those in excess included. */
  readonly received: number;
  readonly lost: number;
  /** Own events beyond the expected number of their type. */
  readonly extra: number;
  readonly foreign: number;
}

/** The events of one crew, by type. */
const EXPECTED: Readonly<Record<string, number>> = {
  'run.start': 1,
  'task.start': 2,
  'agent.start': 2,
  'model.start': 3,
  'model.end': 3,
  'tool.start': 1,
  'tool.end': 1,
  'agent.end': 2,
  'task.end': 2,
  'run.end': 1,
};

export const EVENTS_PER_CREW: number = Object.values(EXPECTED).reduce((all, some) => all + some, 0);

const MARKER_START = 'RUN-';

export class Tally implements EventObserver {
  readonly #marker: string;
  readonly #counts = new Map<string, number>();
  #runId: string | undefined;
  #foreign = 0;

  constructor(marker: string) {
    this.#marker = marker;
  }

  hear({ type, runId, text }: HeardEvent): void {
    this.#runId ??= runId;
    if (runId !== this.#runId || (text !== null && this.#hasOtherMarker(text))) {
      this.#foreign++;
      return;
    }
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
  }

  count(): Count {
    let lost = 0;
    for (const type in EXPECTED) {
      lost += Math.max(0, (EXPECTED[type] ?? 0) - (this.#counts.get(type) ?? 0));
    }
    let received = 0;
    for (const count of this.#counts.values()) received += count;
    const extra = received - (EVENTS_PER_CREW - lost);
    return { expected: EVENTS_PER_CREW, received, lost, extra, foreign: this.#foreign };
  }

  #hasOtherMarker(text: string): boolean {
    for (let at = text.indexOf(MARKER_START); at >= 0; at = text.indexOf(MARKER_START, at + 1)) {
      if (!text.startsWith(this.#marker, at)) return true;
    }
    return false;
  }
}

/** Turns what the work yields into events: the one sequencer of a run. */
import type { Clock } from '../base/clock.ts';
import type { EventDraft } from '../ports/span.ts';
import type { RunEvent } from '../protocol/event.ts';

export class Stamp {
  readonly #runId: string;
  readonly #clock: Clock;
  #seq = 0;

  constructor(runId: string, clock: Clock) {
    this.#runId = runId;
    this.#clock = clock;
  }

  /** Events stamped so far. */
  get count(): number {
    return this.#seq;
  }

  /** `seq` is taken here, synchronously, so a run's numbers have no gap and no double. */
  event({ span, body }: EventDraft): RunEvent {
    const seq = this.#seq++;
    const { type } = body;
    // Deltas and retries happen several times in a span, so their place in it is part of the name.
    const isOnce = type.endsWith('.start') || type.endsWith('.end');
    return Object.freeze({
      ...body,
      id: isOnce ? `${span.id}:${type}` : `${span.id}:${type}-${seq}`,
      runId: this.#runId,
      seq,
      spanId: span.id,
      parentId: span.parentId,
      time: this.#clock.now(),
    });
  }
}

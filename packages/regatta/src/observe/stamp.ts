/** Turns what the work tells into events: the one sequencer of a run. */
import type { Clock } from '../base/clock.ts';
import { deepFreeze } from '../base/json.ts';
import type { EventDraft } from '../ports/span.ts';
import type { EventType, RunEvent } from '../protocol/event.ts';

/** What happens several times in a span: there its place in the run is part of the name. */
const REPEATED: ReadonlySet<EventType> = new Set([
  'task.retry',
  'model.delta',
  'model.retry',
  'output.rejected',
  'context.trim',
]);

export class Stamp {
  readonly #runId: string;
  readonly #clock: Clock;
  /** Told of later epochs than the first, which is that of nearly every run. */
  readonly #epoch: number;
  #seq = 0;

  constructor(runId: string, clock: Clock, epoch = 1) {
    this.#runId = runId;
    this.#clock = clock;
    this.#epoch = epoch;
  }

  /** Events stamped so far. */
  get count(): number {
    return this.#seq;
  }

  /** `seq` is taken here, synchronously, so a run's numbers have no gap and no double. */
  event({ span, body }: EventDraft): RunEvent {
    const seq = this.#seq++;
    const { type } = body;
    // All the way down, whoever made the body: observers share the event, and the work goes on with its parts.
    // The body last: a spread in the middle costs V8 three times as much.
    const event: RunEvent = {
      id: REPEATED.has(type) ? `${span.id}:${type}-${seq}` : `${span.id}:${type}`,
      runId: this.#runId,
      seq,
      spanId: span.id,
      parentId: span.parentId,
      time: this.#clock.now(),
      task: span.task,
      agent: span.agent,
      ...body,
    };
    return deepFreeze(this.#epoch > 1 ? { ...event, epoch: this.#epoch } : event);
  }
}

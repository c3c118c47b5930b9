/**
 * A run's events for whoever reads them: from the first one, at any time, as often as wanted.
 *
 * Bounded; with no room at all it keeps nothing. When it is full, pieces of answers go first (the end of their call has the whole), then
 * the oldest events. What is gone is marked for the reader, never passed over in silence.
 */
import type { ReadableEvent, RunEvent } from '../protocol/event.ts';

export const BUFFER_CAPACITY = 10_000;

export class EventBuffer {
  readonly #capacity: number;
  /** In order of `seq`, with holes where events were thrown away. */
  #events: RunEvent[] = [];
  #nextSeq = 0;
  /** Calls whose pieces are here: under way, and ended, so that their pieces may go. */
  #streaming: Set<string> | undefined;
  #ended: Set<string> | undefined;
  #isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(event: RunEvent): void {
    this.#nextSeq = event.seq + 1;
    if (this.#capacity > 0) this.#keep(event);
    this.#wake();
  }

  /** No more events will come; readers end after the last one. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Reads from the first event on, then live, until the run has ended. */
  async *read(): AsyncGenerator<ReadableEvent, void, void> {
    let seq = 0;
    while (true) {
      while (seq < this.#nextSeq) {
        const event = this.#firstFrom(seq);
        const toSeq = (event?.seq ?? this.#nextSeq) - 1;
        if (toSeq >= seq) yield { type: 'events.gap', fromSeq: seq, toSeq };
        seq = toSeq + 1;
        if (event === undefined) continue;
        yield event;
        seq = event.seq + 1;
      }
      if (this.#isClosed) return;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The first event kept with at least this `seq`, by bisection. */
  #firstFrom(seq: number): RunEvent | undefined {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle] as RunEvent).seq < seq)
        low = middle + 1; // middle is below the length
      else high = middle;
    }
    return this.#events[low];
  }

  #keep(event: RunEvent): void {
    if (this.#events.length >= this.#capacity) this.#makeRoom();
    this.#count(event);
    this.#events.push(event);
  }

  #count({ type, spanId }: RunEvent): void {
    if (type === 'model.delta') {
      this.#streaming ??= new Set();
      this.#streaming.add(spanId);
    } else if (type === 'model.end' && this.#streaming?.delete(spanId)) {
      this.#ended ??= new Set();
      this.#ended.add(spanId);
    }
  }

  /** Throws away in blocks, so that a full buffer does not shift with every event. */
  #makeRoom(): void {
    const goal = Math.floor(this.#capacity * 0.9);
    const ended = this.#ended;
    if (ended !== undefined) {
      this.#events = this.#events.filter(({ type, spanId }) => type !== 'model.delta' || !ended.has(spanId));
      this.#ended = undefined;
    }
    if (this.#events.length > goal) this.#events = this.#events.slice(this.#events.length - goal);
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}

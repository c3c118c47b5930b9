/**
 * The events that wait in a lane: bounded, in order, and with one rule for what does not fit.
 *
 * Every event that is pushed ends in exactly one of: given out by `shift`, dropped, or coalesced into
 * the one before it.
 */
import type { ObserverEntry, Spill } from '../ports/scope.ts';
import type { ModelDelta, RunEvent } from '../protocol/event.ts';

/** Events read back from a spill at a time. */
const SPILL_BATCH = 64;
/** For `coalesce`: how far back the piece before is looked for, and pieces that get in beyond the capacity. */
const STREAMS = 32;

export class Backlog {
  readonly #capacity: number;
  readonly #onFull: ObserverEntry['onFull'];
  #queue: RunEvent[] = [];
  /** Everything before it has been given out. */
  #head = 0;
  #spill: Spill | undefined;
  #spilled = 0;
  /** Writes to the spill that are under way, and what settles with all of them until now. */
  #writing = 0;
  #written: Promise<unknown> = Promise.resolve();
  #dropped = 0;
  #coalesced = 0;

  readonly #onLoss: () => void;

  /** `onLoss` hears when an event is dropped later than in `push`. */
  constructor({ capacity, onFull }: Pick<ObserverEntry, 'capacity' | 'onFull'>, onLoss: () => void) {
    this.#capacity = capacity;
    this.#onFull = onFull;
    this.#onLoss = onLoss;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get coalesced(): number {
    return this.#coalesced;
  }

  /** Events in memory. */
  get size(): number {
    return this.#queue.length - this.#head;
  }

  /** Events kept elsewhere, which `refill` brings back once memory is empty. */
  get spilled(): number {
    return this.#spilled;
  }

  get isFull(): boolean {
    return this.size >= this.#capacity;
  }

  push(event: RunEvent): void {
    if (this.#spilled > 0)
      this.#toSpill(event); // what came before is still out there
    else if (!this.isFull) this.#queue.push(event);
    else this.#overflow(event);
  }

  /** The oldest event in memory. */
  shift(): RunEvent | undefined {
    const event = this.#queue[this.#head];
    if (event === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#queue.length) {
      if (this.#head === 1)
        this.#queue.pop(); // nearly always: the array keeps its room for the next event
      else this.#queue = [];
      this.#head = 0;
    }
    return event;
  }

  /** Brings back the oldest events of the spill. */
  async refill(): Promise<void> {
    if (this.#spilled === 0) return;
    await this.#written; // a write that failed after `take` would be counted as one more event
    const spill = this.#spill;
    if (spill === undefined) return;
    let events: readonly RunEvent[] = [];
    try {
      events = await spill.take(SPILL_BATCH);
    } catch {
      // What cannot be read back is counted below, as what is not there.
    }
    this.#queue.push(...events);
    this.#spilled -= events.length;
    if (events.length === 0 && this.#writing === 0) {
      this.#dropped += this.#spilled;
      this.#spilled = 0;
    }
    if (this.#spilled > 0) return;
    this.#spill = undefined;
    try {
      await spill.close();
    } catch {
      // It is empty: nothing is lost by what it leaves behind.
    }
  }

  #overflow(event: RunEvent): void {
    if (typeof this.#onFull === 'function') this.#toSpill(event);
    else if (this.#onFull === 'coalesce') this.#coalesce(event);
    else if (this.#onFull === 'drop-oldest' && this.#dropOldest()) this.#queue.push(event);
    else if (isEnd(event)) this.#queue.push(event);
    else this.#dropped++;
  }

  #toSpill(event: RunEvent): void {
    this.#spilled++;
    this.#writing++;
    const written = this.#write(event)
      .catch(() => {
        this.#spilled--;
        this.#dropped++;
        this.#onLoss();
      })
      .finally(() => {
        this.#writing--;
      });
    this.#written = Promise.all([this.#written, written]);
  }

  /** Rejects also where opening or writing throws: a spill of somebody else's must not end the run. */
  async #write(event: RunEvent): Promise<void> {
    if (typeof this.#onFull === 'function') this.#spill ??= this.#onFull();
    await this.#spill?.write(event);
  }

  /** Joins a piece of an answer to the one before it, of the same answer; the first of an answer gets in. */
  #coalesce(event: RunEvent): void {
    const isPiece = event.type === 'model.delta';
    if (isPiece && this.#join(event)) this.#coalesced++;
    else if (isEnd(event) || (isPiece && this.size < this.#capacity + STREAMS)) this.#queue.push(event);
    else this.#dropped++;
  }

  #join(piece: Delta): boolean {
    const first = Math.max(this.#head, this.#queue.length - STREAMS);
    for (let index = this.#queue.length - 1; index >= first; index--) {
      const queued = this.#queue[index];
      if (queued?.type !== 'model.delta' || !isSameStream(queued, piece)) continue;
      this.#queue[index] = Object.freeze({ ...queued, text: queued.text + piece.text });
      return true;
    }
    return false;
  }

  #dropOldest(): boolean {
    const oldest = this.#queue.findIndex((queued, index) => index >= this.#head && !isEnd(queued));
    if (oldest < 0) return false;
    this.#queue.splice(oldest, 1);
    this.#dropped++;
    return true;
  }
}

type Delta = RunEvent & ModelDelta;

function isSameStream(one: Delta, other: Delta): boolean {
  return (
    one.spanId === other.spanId &&
    one.attempt === other.attempt &&
    one.kind === other.kind &&
    one.tool === other.tool
  );
}

/** Ends are few, and owed. */
function isEnd({ type }: RunEvent): boolean {
  return type.endsWith('.end');
}

/**
 * A callback that knows which run it was given to, and counts what it hears that is not of it.
 *
 * It takes the word of nobody for that: the run was given a marker as an input, so the marker stands in
 * its `run.start` and in every prompt.
 */
import type { RunEvent } from 'regatta';

export interface TracerOptions {
  /** Fails on every second event, after it has counted it. */
  readonly throws?: boolean;
  /** Microtasks until it is done with an event, so that lanes are at every place when the next one comes. @default 0 */
  readonly hops?: number;
}

export class Tracer {
  readonly marker: string;
  readonly #throws: boolean;
  readonly #hops: number;
  readonly #runIds = new Set<string>();
  heard = 0;
  foreign = 0;
  disordered = 0;
  #nextSeq = 0;

  constructor(marker: string, { throws = false, hops = 0 }: TracerOptions = {}) {
    this.marker = marker;
    this.#throws = throws;
    this.#hops = hops;
  }

  onEvent(event: RunEvent): Promise<void> | undefined {
    this.heard++;
    if (!this.#isOwn(event)) this.foreign++;
    else if (event.seq !== this.#nextSeq++) this.disordered++;
    if (this.#hops > 0) return this.#finish();
    this.#fail();
    return undefined;
  }

  async #finish(): Promise<void> {
    for (let hop = 0; hop < this.#hops; hop++) await undefined;
    this.#fail();
  }

  #fail(): void {
    if (this.#throws && this.heard % 2 === 0) throw new Error('This callback fails on purpose.');
  }

  #isOwn(event: RunEvent): boolean {
    if (event.type === 'run.start') {
      const isOwn = JSON.stringify(event.inputs).includes(this.marker);
      if (isOwn) this.#runIds.add(event.runId);
      return isOwn;
    }
    const isPromptOwn = event.type !== 'model.start' || JSON.stringify(event.messages).includes(this.marker);
    return isPromptOwn && this.#runIds.has(event.runId);
  }
}

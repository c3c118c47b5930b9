/**
 * Counts what one run's callback is told, and what of it is not its own.
 *
 * Every run of the demonstration has its own instance of this one class. Where callbacks are kept in
 * a list that all share, one for each class, the newest run gets what belongs to the others. Here each
 * must hear its own run and nothing else, and these counters say so.
 */
import type { CallbackObject, RunEvent } from '../../index.ts';

const MARKER = /RUN-[0-9a-f]{4}/g;

export class Witness implements CallbackObject {
  /** What its own run was given as input; it is in the texts of every task. */
  readonly marker: string;
  #runId: string | undefined;
  #heard = 0;
  #foreign = 0;

  constructor(marker: string) {
    this.marker = marker;
  }

  /** Events that it was told, its own and foreign ones. */
  get heard(): number {
    return this.#heard;
  }

  /** Events of another run, or with another run's marker in them. */
  get foreign(): number {
    return this.#foreign;
  }

  /** Says which run it belongs to. Before that every event is foreign. */
  belongTo(runId: string): void {
    this.#runId = runId;
  }

  onEvent(event: RunEvent): void {
    this.#heard++;
    if (event.runId !== this.#runId || this.#hasOtherMarker(event)) this.#foreign++;
  }

  #hasOtherMarker(event: RunEvent): boolean {
    const markers = JSON.stringify(event).match(MARKER) ?? [];
    return markers.some((marker) => marker !== this.marker);
  }
}

/**
 * Whether anything in a run can go on without a person.
 *
 * It is quiet once somebody is waited for and nothing else has been at work for a moment: the moment is
 * for what goes on between two steps, such as a message from a thread. A run that is found quiet too
 * early loses nothing that is recorded.
 */
import type { Clock } from '../base/clock.ts';

/** Milliseconds without any work. */
export const QUIET_MS = 100;

export class Activity {
  readonly #clock: Clock;
  readonly #onQuiet: () => void;
  #working = 0;
  #waiting = 0;
  #pause: AbortController | undefined;

  constructor(clock: Clock, onQuiet: () => void) {
    this.#clock = clock;
    this.#onQuiet = onQuiet;
  }

  /** Counts `work` until it settles. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#working++;
    this.#look();
    try {
      return await work();
    } finally {
      this.#working--;
      this.#look();
    }
  }

  /** Counts a wait for a person, which is no work, until the function that it gives is called. */
  wait(): () => void {
    this.#waiting++;
    this.#look();
    return () => {
      this.#waiting--;
      this.#look();
    };
  }

  /** Something has happened: the moment begins anew. */
  stir(): void {
    if (this.#pause !== undefined) this.#look();
  }

  #look(): void {
    this.#pause?.abort();
    this.#pause = undefined;
    if (this.#working > 0 || this.#waiting === 0) return;
    const pause = new AbortController();
    this.#pause = pause;
    this.#clock.sleep(QUIET_MS, pause.signal).then(this.#onQuiet, () => undefined); // something went on
  }
}

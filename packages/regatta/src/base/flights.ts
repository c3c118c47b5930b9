/** One for all: of calls at once for one key the first works, and the others wait for what it gets. */
import { untilAborted } from './abort.ts';

/** What became of the call that works for all. */
export type Landing =
  | { readonly is: 'answered'; readonly text: string }
  /** What it got is of no use to others. */
  | { readonly is: 'failed' }
  /** It went before there was an answer. */
  | { readonly is: 'left' };

/** The first for its key must say what becomes of it, whatever happens. Only its first word counts. */
export type Boarding =
  | Exclude<Landing, { readonly is: 'left' }>
  | { readonly is: 'first'; readonly land: (landing: Landing) => void };

/** Calls under way that others may wait for, by key. */
export class Flights {
  readonly #flights = new Map<string, Promise<Landing>>();

  /**
   * Waits for whoever works for `key`; where nobody does, or whoever did has left, the caller is the first.
   *
   * @throws the signal's reason.
   */
  async board(key: string, signal: AbortSignal): Promise<Boarding> {
    const flights = this.#flights;
    for (let flight = flights.get(key); flight !== undefined; flight = flights.get(key)) {
      const landing = await untilAborted(flight, signal);
      if (landing.is === 'left') continue; // one of those who waited works in its place
      return landing;
    }
    const { promise, resolve } = Promise.withResolvers<Landing>();
    flights.set(key, promise);
    const land = (landing: Landing): void => {
      if (flights.get(key) === promise) flights.delete(key);
      resolve(landing);
    };
    return { is: 'first', land };
  }
}

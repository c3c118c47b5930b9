/** What became of a run's events, as its own callback saw it. */
import type { Outcome } from '../run-all.ts';
import type { Witness } from './witness.ts';

export interface Tally {
  /** By the run. */
  readonly emitted: number;
  /** To the run's witness, by its own count. */
  readonly delivered: number;
  /** Not delivered, and counted: thrown away, withheld, failed or still waiting. */
  readonly dropped: number;
  /** Of another run, by the witness's own count. */
  readonly foreign: number;
}

export function tallyOf({ audit }: Outcome, { heard, foreign }: Witness): Tally {
  const { emitted = 0, dropped = 0, withheld = 0, failed = 0, pending = 0 } = audit ?? {};
  return { emitted, delivered: heard, dropped: dropped + withheld + failed + pending, foreign };
}

export function sumTallies(tallies: readonly Tally[]): Tally {
  const sum = (pick: (tally: Tally) => number): number =>
    tallies.reduce((all, tally) => all + pick(tally), 0);
  return {
    emitted: sum(({ emitted }) => emitted),
    delivered: sum(({ delivered }) => delivered),
    dropped: sum(({ dropped }) => dropped),
    foreign: sum(({ foreign }) => foreign),
  };
}

/** `events emitted 42, delivered 42, dropped 0, foreign 0` */
export function formatTally({ emitted, delivered, dropped, foreign }: Tally): string {
  return `events emitted ${emitted}, delivered ${delivered}, dropped ${dropped}, foreign ${foreign}`;
}

/** Whether each event came to its own run's witness, once, and no other did. */
export function isExact({ emitted, delivered, dropped, foreign }: Tally): boolean {
  return delivered === emitted && dropped === 0 && foreign === 0;
}

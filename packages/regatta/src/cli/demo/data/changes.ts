/** The changes since the last release of a program that does not exist. */

export interface Change {
  readonly id: number;
  readonly kind: 'breaking' | 'added' | 'fixed';
  readonly text: string;
}

export const CHANGES: readonly Change[] = [
  { id: 811, kind: 'added', text: 'scheduler: jobs may name a time zone' },
  { id: 815, kind: 'fixed', text: 'scheduler: a job at 02:30 runs once when clocks go back' },
  { id: 819, kind: 'fixed', text: 'scheduler: a cancelled job frees its slot' },
  { id: 822, kind: 'breaking', text: 'storage: keys are case-sensitive' },
  { id: 827, kind: 'added', text: 'storage: batches of up to 1,000 keys' },
  { id: 830, kind: 'fixed', text: 'storage: a full disk is an error, not a hang' },
  { id: 834, kind: 'added', text: 'console: search in the log, with ranges of time' },
  { id: 836, kind: 'fixed', text: 'console: pages of more than 10,000 rows scroll' },
  { id: 841, kind: 'fixed', text: 'console: colours for people who cannot tell red from green' },
  { id: 844, kind: 'added', text: 'all: a health check that says what is wrong' },
];

/** The journals that a runtime was told of, and what a new run is recorded as. */
import { RegattaError } from '../base/errors.ts';
import type { Journal, RunRecord, StepRecord } from '../ports/journal.ts';
import type { RecordingSetup } from './recording.ts';

/** A journal, or the path of a SQLite file. */
export type JournalInput = Journal | string;

/** What a new run has of another one. */
export interface Past {
  readonly parent: NonNullable<RunRecord['parent']>;
  readonly records: readonly StepRecord[];
}

export interface JournalsOptions {
  /** Opens a journal by its path, once for each path. */
  readonly openJournal: (path: string) => Journal;
  /** Where runs are recorded unless they say otherwise. */
  readonly journal?: JournalInput | undefined;
}

export class Journals {
  readonly #options: JournalsOptions;
  readonly #opened = new Map<string, Journal>();

  constructor(options: JournalsOptions) {
    this.#options = options;
  }

  /** The journal that is meant; undefined = none. */
  of(given: JournalInput | undefined): Journal | undefined {
    const meant = given ?? this.#options.journal;
    if (typeof meant !== 'string') return meant;
    let journal = this.#opened.get(meant);
    if (journal === undefined) {
      journal = this.#options.openJournal(meant);
      this.#opened.set(meant, journal);
    }
    return journal;
  }

  /** Closes those that were given by their path: the others are their makers'. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#opened.values(), (journal) => journal.close()));
  }
}

/** A run that begins. */
export function newRecording(journal: Journal, run: Omit<RunRecord, 'parent'>, past?: Past): RecordingSetup {
  const record = { ...run, parent: past?.parent ?? null };
  return { journal, record, epoch: 1, records: past?.records ?? [] };
}

/** `option` is what needs one. */
export function journalMissing(option: string): RegattaError {
  return new RegattaError(
    'journal/missing',
    `${option} needs a journal, and there is none. Give journal: 'runs.db' to the call or to the runtime.`,
    { option },
  );
}

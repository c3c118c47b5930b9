/** The tables of a SQLite journal, and how a file gets them: once, however many processes open it. */
import type { DatabaseSync } from 'node:sqlite';
import { RegattaError } from '../base/errors.ts';

/** Marks a file as ours: `RGTA`. */
const APPLICATION_ID = 0x52475441;

/**
 * What each version adds to the one before it. Only ever append.
 *
 * Records are in the order of `n`. A run's number in place of its id halves the size of short records.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE runs (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    owner TEXT,
    lease_until REAL NOT NULL,
    updated_at REAL NOT NULL,
    record TEXT NOT NULL,
    ending TEXT
  ) STRICT;
  CREATE INDEX runs_status ON runs (status, updated_at);
  CREATE TABLE records (
    n INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (run, key)
  ) STRICT;
  `,
  // Runs of older packages were recorded without settings.
  `UPDATE runs SET record = json_set(record, '$.settings', json('null'));`,
];

/** @throws RegattaError `journal/bad-file`; what SQLite throws, busy = try again. */
export function migrate(database: DatabaseSync, file: string): void {
  checkOwner(database, file); // before anything is changed
  // FULL: what was answered survives a crash of the machine, not of the process alone.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  if (versionOf(database) === STEPS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = versionOf(database); // another process may have been first
    checkOwner(database, file);
    if (version > STEPS.length) {
      throw new RegattaError(
        'journal/bad-file',
        `The journal ${file} has version ${version}, and this package knows ${STEPS.length}. Use a newer package, or another file.`,
        { file },
      );
    }
    for (const step of STEPS.slice(version)) database.exec(step);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${STEPS.length};`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** A file that has tables already must be ours. */
function checkOwner(database: DatabaseSync, file: string): void {
  const { application_id: id } = database.prepare('PRAGMA application_id').get() ?? {};
  const isEmpty = database.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() === undefined;
  if (id === APPLICATION_ID || (id === 0 && isEmpty)) return;
  throw new RegattaError(
    'journal/bad-file',
    `The file ${file} is a database, and no journal. Name another file.`,
    {
      file,
    },
  );
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
}

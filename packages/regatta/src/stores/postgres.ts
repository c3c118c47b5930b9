/** `regatta/postgres`: what runs keep in a PostgreSQL database. */

export type { PostgresOptions } from './postgres-database.ts';
export { type PostgresJournalOptions, postgresJournal } from './postgres-journal.ts';

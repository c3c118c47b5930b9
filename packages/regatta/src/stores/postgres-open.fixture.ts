/** A process that opens a PostgreSQL journal, writes one run and leaves. */
import { postgresJournal } from './postgres.ts';

const [connectionString = '', runId = ''] = process.argv.slice(2);
const journal = postgresJournal({ connectionString, connections: 1 });
const record = {
  name: 'crew',
  ref: null,
  fingerprint: {},
  inputs: {},
  settings: null,
  startedAtMs: 0,
  seed: 0,
  parent: null,
};
await journal.create({ runId, ...record }, [{ key: 'k:tool', value: runId }]);
await journal.close();

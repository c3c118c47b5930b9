/** DBOS's own tables: made once, however many processes begin at once. */
import { dbosSchema, loadSdk } from '../../engines/dbos/sdk.ts';
import type { Database } from '../../stores/postgres-database.ts';
import { lockOf } from '../../stores/postgres-schema.ts';

/** Milliseconds between two tries of who is not the first. */
const RETRY_MS = 100;

export async function migrateDbos(database: Database, connectionString: string): Promise<void> {
  const { DBOS } = await loadSdk();
  const schema = dbosSchema(database.schema);
  const values = [lockOf(schema)];
  await database.borrow(async (connection) => {
    const isFree = async (): Promise<boolean> => {
      const { rows } = await connection.query({ text: 'SELECT pg_try_advisory_lock($1) AS got', values });
      return rows[0]?.got === true;
    };
    // Never waiting in the server: DBOS makes indexes concurrently, and such a one waits for each statement that
    // was there before it, this one included.
    while (!(await isFree())) await new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS));
    try {
      await DBOS.migrate(connectionString, { schemaName: schema });
    } finally {
      await connection.query({ text: 'SELECT pg_advisory_unlock($1)', values });
    }
  });
}

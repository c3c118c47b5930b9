/** DBOS's own tables: made once, however many processes begin at once. */
import { dbosSchema, loadSdk } from '../../engines/dbos/sdk.ts';
import type { Database } from '../../stores/postgres-database.ts';
import { lockOf } from '../../stores/postgres-schema.ts';

export async function migrateDbos(database: Database, connectionString: string): Promise<void> {
  const { DBOS } = await loadSdk();
  const schema = dbosSchema(database.schema);
  await database.borrow(async (connection) => {
    await connection.query({ text: 'SELECT pg_advisory_lock($1)', values: [lockOf(schema)] });
    try {
      await DBOS.migrate(connectionString, { schemaName: schema });
    } finally {
      await connection.query({ text: 'SELECT pg_advisory_unlock($1)', values: [lockOf(schema)] });
    }
  });
}

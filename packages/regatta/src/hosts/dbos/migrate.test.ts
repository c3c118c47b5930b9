import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Database } from '../../stores/postgres-database.ts';
import { startPostgres, type TestPostgres } from '../../testing/postgres.fixture.ts';
import { migrateDbos } from './migrate.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(async () => await server.stop());

test('who waits for the tables of DBOS does not hold up who makes them (R54)', async () => {
  const connectionString = await server.database();
  const databases = [1, 2, 3].map(() => new Database({ connectionString }));
  onTestFinished(() => Promise.all(databases.map((database) => database.close())).then(() => undefined));
  await Promise.all(databases.map((database) => database.query({ text: 'SELECT 1' }))); // all of them come at once
  await Promise.all(databases.map((database) => migrateDbos(database, connectionString)));
  const { rows } = await databases[0]!.query({
    text: "SELECT count(*) > 5 AS is_made FROM pg_tables WHERE schemaname = 'regatta_dbos'",
  });
  expect(rows).toEqual([{ is_made: true }]);
});

/** The tables of a PostgreSQL store, and how a database gets them: once, however many processes open it. */
import { createHash } from 'node:crypto';
import { RegattaError } from '../base/errors.ts';
import type { Connection } from './postgres-connection.ts';

/**
 * What each version adds to the one before it. Only ever append. `%` stands for the schema.
 *
 * Texts of JSON are `text`: `jsonb` refuses strings that JSON allows, and would give numbers another
 * form. The large columns lie outside of a run's row, so that the lease costs a few bytes to renew. No
 * foreign key: it would read the run's row once more for every record.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE %.runs (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    name text NOT NULL,
    status text NOT NULL,
    epoch integer NOT NULL,
    owner text,
    lease_until timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    record text NOT NULL,
    ending text
  ) WITH (fillfactor = 60, toast_tuple_target = 128);
  ALTER TABLE %.runs ALTER COLUMN record SET STORAGE EXTENDED, ALTER COLUMN ending SET STORAGE EXTENDED;
  CREATE INDEX runs_open ON %.runs (status) WHERE status IN ('running', 'suspended');
  CREATE TABLE %.records (
    n bigint GENERATED ALWAYS AS IDENTITY,
    run bigint NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (run, key)
  );
  CREATE TABLE %.events (
    n bigint GENERATED ALWAYS AS IDENTITY,
    run bigint NOT NULL,
    key text NOT NULL,
    event text NOT NULL,
    PRIMARY KEY (run, key)
  );
  CREATE TABLE %.workers (
    id text PRIMARY KEY,
    about text NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
  );
  CREATE TABLE %.budgets (
    name text PRIMARY KEY,
    max_nano_usd bigint,
    max_tokens bigint,
    max_calls bigint,
    nano_usd bigint NOT NULL DEFAULT 0,
    tokens bigint NOT NULL DEFAULT 0,
    calls bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 20);
  CREATE TABLE %.reservations (
    run text NOT NULL,
    key text NOT NULL,
    budget text NOT NULL,
    tokens bigint NOT NULL,
    nano_usd bigint NOT NULL,
    PRIMARY KEY (run, key, budget)
  );
  CREATE TABLE %.handlers (name text PRIMARY KEY);
  CREATE TABLE %.outbox (
    handler text NOT NULL,
    run bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    cursor bigint NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    problem text,
    claim text,
    not_before timestamptz NOT NULL DEFAULT '-infinity',
    is_open boolean NOT NULL DEFAULT true,
    PRIMARY KEY (handler, run)
  );
  CREATE INDEX outbox_open ON %.outbox (handler, not_before) WHERE is_open;
  CREATE TABLE %.recoveries (
    run text PRIMARY KEY,
    times integer NOT NULL,
    results bigint NOT NULL,
    is_begun boolean NOT NULL DEFAULT false
  );
  CREATE TABLE %.dead_letters (
    execution text PRIMARY KEY,
    run text NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    at timestamptz NOT NULL
  );
  `,
  // What began in a minute lies in the rate's own row: whoever has locked it sees all of it, in one statement.
  `
  CREATE TABLE %.rates (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    tenant text NOT NULL,
    max_requests bigint,
    max_tokens bigint,
    at bigint[] NOT NULL DEFAULT '{}',
    requests bigint[] NOT NULL DEFAULT '{}',
    tokens bigint[] NOT NULL DEFAULT '{}',
    line jsonb NOT NULL DEFAULT '{}',
    UNIQUE (model, tenant)
  ) WITH (fillfactor = 20);
  `,
];

/** @throws RegattaError `postgres/wrong-version`; what PostgreSQL says. */
export async function migrate(connection: Connection, schema: string): Promise<void> {
  if ((await versionOf(connection, schema)) === STEPS.length) return;
  await connection.query({ text: 'BEGIN' });
  try {
    // Held until the commit: who comes second finds the tables.
    await connection.query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [lockOf(schema)] });
    const version = await versionOf(connection, schema);
    if (version > STEPS.length) {
      throw new RegattaError(
        'postgres/wrong-version',
        `Schema "${schema}" has version ${version}, and this package knows ${STEPS.length}. Use a newer package, or another schema.`,
        { found: version, known: STEPS.length },
      );
    }
    const create = `CREATE SCHEMA IF NOT EXISTS ${schema}; CREATE TABLE IF NOT EXISTS ${schema}.version (n integer NOT NULL)`;
    await connection.query({ text: create });
    for (const step of STEPS.slice(version)) await connection.query({ text: step.replaceAll('%', schema) });
    await connection.query({ text: `DELETE FROM ${schema}.version` });
    await connection.query({ text: `INSERT INTO ${schema}.version VALUES ($1)`, values: [STEPS.length] });
    await connection.query({ text: 'COMMIT' });
  } catch (error) {
    await connection.query({ text: 'ROLLBACK' }).catch(() => undefined); // the first error says more
    throw error;
  }
}

async function versionOf(connection: Connection, schema: string): Promise<number> {
  // Not by `to_regclass`, which may answer from a cache that another process's tables have not reached.
  const { rows } = await connection.query({
    text: `SELECT FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
      WHERE s.nspname = $1 AND c.relname = 'version'`,
    values: [schema],
  });
  if (rows.length === 0) return 0;
  const found = await connection.query({ text: `SELECT n FROM ${schema}.version` });
  return Number(found.rows[0]?.n ?? 0);
}

/** One lock for each schema; others' locks are other numbers, as good as surely. */
export function lockOf(name: string): string {
  return createHash('sha256').update(`regatta ${name}`).digest().readBigInt64BE().toString();
}

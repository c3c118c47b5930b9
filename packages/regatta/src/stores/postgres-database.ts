/**
 * A PostgreSQL database as the stores use it: opened and migrated on first use, patient with a server
 * that restarts, and never the reason why a process stays.
 */
import { isRegattaError, messageOf, RegattaError } from '../base/errors.ts';
import { Problems, show } from '../base/problems.ts';
import type { Connection, Notifying, Row } from './postgres-connection.ts';
import { migrate } from './postgres-schema.ts';

export interface PostgresOptions {
  /** `postgresql://user:password@host:5432/database`. Never in an error. */
  readonly connectionString: string;
  /** The schema that holds the tables. Several may live in one database. @default 'regatta' */
  readonly schema?: string;
  /** Connections at most. @default 4 */
  readonly connections?: number;
  /** Milliseconds for which a server that went away is waited for, before what needs it fails. @default 60000 */
  readonly retryMs?: number;
}

export interface Result {
  readonly rows: readonly Row[];
  /** Whether it was sent again after its connection broke: then the first time may have counted, too. */
  readonly isRetry: boolean;
}

interface Pool extends Connection {
  connect(): Promise<Connection & { release(error?: Error | boolean): void }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (connection: Notifying) => void): unknown;
  end(): Promise<void>;
}

/** As of a query for which PostgreSQL is to keep its plan: `name` stands for the text. */
export interface Statement {
  readonly text: string;
  readonly name?: string;
  /** Never sent twice, since twice would count twice. @default false */
  readonly isOnce?: boolean;
}

export const PG_VERSION = '8.23.1';
/** With `ON CONFLICT`, identity columns and `LISTEN` as they are used here. */
const OLDEST_SERVER = 14;
const CONNECTIONS = 4;
const RETRY_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;

export class Database {
  readonly schema: string;
  readonly #options: Required<PostgresOptions>;
  #pool: Promise<Pool> | undefined;
  #isClosed = false;

  /** @throws RegattaError `definition/invalid` */
  constructor({
    schema = 'regatta',
    connections = CONNECTIONS,
    retryMs = RETRY_MS,
    ...rest
  }: PostgresOptions) {
    const problems = new Problems('The PostgreSQL store');
    problems.text('connectionString', rest.connectionString);
    problems.integer('connections', connections, 1);
    problems.duration('retryMs', retryMs, 0);
    if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema)) {
      const message = `schema must be lower-case letters, digits and _, at most 40, got ${show(schema)}. Name another.`;
      problems.add('schema', schema, message);
    }
    problems.throwIfAny();
    this.schema = schema;
    this.#options = { ...rest, schema, connections, retryMs };
  }

  /**
   * Sends a statement, and unless it `isOnce` again where its connection broke or PostgreSQL ended it for
   * another's sake.
   *
   * @throws RegattaError `postgres/*`; what PostgreSQL says of a statement that is wrong.
   */
  async query({ isOnce = false, ...statement }: Statement, values: readonly unknown[] = []): Promise<Result> {
    const pool = await this.#open();
    const giveUpAt = performance.now() + this.#options.retryMs;
    for (let tries = 0; ; tries++) {
      try {
        const { rows } = await pool.query({ ...statement, values });
        return { rows, isRetry: tries > 0 };
      } catch (error) {
        if (!mayPass(error)) throw error;
        if (isOnce || this.#isClosed || performance.now() >= giveUpAt) throw unreachable(error);
        await pause(tries);
      }
    }
  }

  /**
   * A connection for as long as `use` takes, outside of the pool's turns: for a lock or for `LISTEN`.
   *
   * @throws RegattaError `postgres/*`; what `use` throws.
   */
  async borrow<T>(use: (connection: Connection & Notifying) => Promise<T>): Promise<T> {
    const pool = await this.#open();
    const connection = await pool.connect().catch((error: unknown) => Promise.reject(unreachable(error)));
    let failure: unknown;
    try {
      return await use(connection as Connection & Notifying & typeof connection); // the driver's connections emit
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      connection.release(failure !== undefined); // one that failed may be in any state
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const pool = this.#pool;
    this.#pool = undefined;
    const opened = await pool?.catch(() => undefined); // who opened it has heard why it failed
    await opened?.end();
  }

  #open(): Promise<Pool> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#pool === undefined) {
      const opening = this.#connect();
      this.#pool = opening;
      opening.catch(() => {
        if (this.#pool === opening) this.#pool = undefined; // the next one tries again
      });
    }
    return this.#pool;
  }

  async #connect(): Promise<Pool> {
    const { connectionString, connections, schema } = this.#options;
    const pg = await loadPg();
    const pool: Pool = new pg.Pool({
      connectionString,
      max: connections,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      allowExitOnIdle: true,
      application_name: 'regatta',
    });
    // A connection that breaks is told of as an event, too, and one that nobody hears ends the process.
    pool.on('error', () => undefined);
    pool.on('connect', (connection) => void connection.on('error', () => undefined));
    try {
      const connection = await pool.connect();
      try {
        await checkServer(connection);
        await migrate(connection, schema);
      } finally {
        connection.release();
      }
      return pool;
    } catch (error) {
      await pool.end();
      throw isRegattaError(error) ? error : unreachable(error);
    }
  }
}

/** @throws RegattaError `postgres/missing-package` */
async function loadPg(): Promise<{ readonly Pool: new (options: object) => Pool }> {
  try {
    const { default: pg } = await import('pg');
    return pg as unknown as { readonly Pool: new (options: object) => Pool }; // as far as it is used here
  } catch (error) {
    const command = `npm install pg@${PG_VERSION}`;
    const message = `PostgreSQL needs the package pg, which is not installed. Run: ${command}`;
    throw new RegattaError('postgres/missing-package', message, { package: 'pg', command }, { cause: error });
  }
}

async function checkServer(connection: Connection): Promise<void> {
  const { rows } = await connection.query({ text: 'SHOW server_version_num' });
  const version = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
  if (version >= OLDEST_SERVER) return;
  throw new RegattaError(
    'postgres/wrong-version',
    `The PostgreSQL server is version ${version}, and ${OLDEST_SERVER} is the oldest that works. Use a newer server.`,
    { found: version, known: OLDEST_SERVER },
  );
}

export function unreachable(cause: unknown): RegattaError {
  const reason = messageOf(cause).replace(/[.!?]?$/, '.');
  return new RegattaError(
    'postgres/unreachable',
    `The PostgreSQL database cannot be used: ${reason} Start the server, or correct the connection string.`,
    { code: codeOf(cause) },
    { cause },
  );
}

function closed(): RegattaError {
  const message = 'The PostgreSQL store was closed. Open another one.';
  return new RegattaError('postgres/unreachable', message, { code: null });
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Sockets that broke, a server that stops or starts, too many connections, a deadlock, a serialization. */
const PASSING =
  /^(08...|57P0[1-3]|53300|40P01|40001|ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;

function mayPass(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== null) return PASSING.test(code);
  return /connection (terminated|timeout|ended)|timeout exceeded when trying to connect|Client has encountered/i.test(
    messageOf(error),
  );
}

async function pause(tries: number): Promise<void> {
  const longest = Math.min(PAUSE_MS * 2 ** tries, MAX_PAUSE_MS);
  await new Promise<void>((resolve) => setTimeout(resolve, longest * (0.5 + Math.random() / 2)));
}

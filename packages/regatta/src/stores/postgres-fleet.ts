/** What workers share beside the runs: signs of life, recoveries, dead letters, and what is told of runs. */
import type { Json } from '../base/json.ts';
import type { RunEnding } from '../ports/journal.ts';
import type { RunStatus } from '../protocol/output.ts';
import type { Row } from './postgres-connection.ts';
import type { Database } from './postgres-database.ts';
import { lockOf } from './postgres-schema.ts';
import { ANY_RUN } from './postgres-writer.ts';

export interface WorkerSeen {
  readonly worker: string;
  readonly about: Json;
  readonly startedAtMs: number;
  /** Milliseconds since its last sign of life, by the database's clock. */
  readonly silentMs: number;
}

export interface DeadLetter {
  readonly executionId: string;
  readonly runId: string;
  readonly code: string;
  readonly message: string;
  readonly atMs: number;
}

export interface StoredEvent {
  /** Where to go on: what comes later is greater. */
  readonly cursor: string;
  readonly event: Json;
}

export interface Ended {
  readonly runId: string;
  readonly status: RunStatus;
  readonly ending: RunEnding;
}

export interface FleetState {
  readonly workers: number;
  readonly deadLetters: number;
  readonly failingDeliveries: number;
  readonly runs: readonly { readonly status: string; readonly count: number }[];
}

export class Fleet {
  readonly #database: Database;
  readonly #s: string;

  constructor(database: Database) {
    this.#database = database;
    this.#s = database.schema;
  }

  /** A sign of life; the first one makes the worker known. */
  async beat(worker: string, about: Json): Promise<void> {
    await this.#rows(
      `INSERT INTO ${this.#s}.workers VALUES ($1, $2, clock_timestamp(), clock_timestamp())
       ON CONFLICT (id) DO UPDATE SET about = excluded.about, seen_at = excluded.seen_at`,
      [worker, JSON.stringify(about)],
    );
  }

  async workers(): Promise<readonly WorkerSeen[]> {
    const rows = await this.#rows(
      `SELECT id, about, extract(epoch FROM started_at) * 1000 AS started,
         extract(epoch FROM clock_timestamp() - seen_at) * 1000 AS silent
       FROM ${this.#s}.workers ORDER BY started_at`,
    );
    return rows.map(({ id, about, started, silent }) => ({
      worker: String(id),
      about: JSON.parse(String(about)),
      startedAtMs: Number(started),
      silentMs: Number(silent),
    }));
  }

  async forget(workers: readonly string[]): Promise<void> {
    await this.#rows(`DELETE FROM ${this.#s}.workers WHERE id = ANY ($1::text[])`, [workers]);
  }

  /**
   * Does `work` unless somebody else is at it: of all workers of the schema, one at a time. One that is
   * stopped in the middle keeps the others out for `maxMs` and no longer, so the work must bear to be
   * done by two.
   */
  async alone(what: string, maxMs: number, work: () => Promise<void>): Promise<void> {
    await this.#database.borrow(async (connection) => {
      await connection.query({ text: 'BEGIN' });
      // The server ends the transaction, and with it the lock, of who says nothing for so long.
      await connection.query({ text: `SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(maxMs)}` });
      const values = [lockOf(`${this.#s} ${what}`)];
      const { rows } = await connection.query({
        text: 'SELECT pg_try_advisory_xact_lock($1) AS got',
        values,
      });
      if (rows[0]?.got === true) await work();
      await connection.query({ text: 'COMMIT' });
    });
  }

  /**
   * Counts a recovery. Gives how often a worker was lost while it was at the run, since the run last
   * recorded a result. One that waited for its turn, see `beginSuspect`, is not to blame.
   */
  async countRecovery(runId: string): Promise<number> {
    const [row] = await this.#rows(
      `INSERT INTO ${this.#s}.recoveries AS known (run, times, results)
       SELECT $1::text, 1, count(r.n) FROM ${this.#s}.runs JOIN ${this.#s}.records r ON r.run = runs.n
       WHERE runs.id = $1 AND r.key !~ ':(attempt|entry|started)-[0-9.]+$'
       ON CONFLICT (run) DO UPDATE SET
         times = CASE WHEN known.results < excluded.results THEN 1 ELSE known.times + known.is_begun::int END,
         results = excluded.results,
         is_begun = false
       RETURNING times`,
      [runId],
    );
    return Number(row?.times);
  }

  /** Whether a worker was lost with this run. */
  async isSuspect(runId: string): Promise<boolean> {
    return (await this.#rows(`SELECT FROM ${this.#s}.recoveries WHERE run = $1`, [runId])).length > 0;
  }

  /** If its worker is lost from now on, the run is to blame. */
  async beginSuspect(runId: string): Promise<void> {
    await this.#rows(`UPDATE ${this.#s}.recoveries SET is_begun = true WHERE run = $1`, [runId]);
  }

  async clearSuspect(runId: string): Promise<void> {
    await this.#rows(`DELETE FROM ${this.#s}.recoveries WHERE run = $1`, [runId]);
  }

  async bury(letter: Omit<DeadLetter, 'atMs'>): Promise<void> {
    const { executionId, runId, code, message } = letter;
    await this.#rows(
      `INSERT INTO ${this.#s}.dead_letters VALUES ($1, $2, $3, $4, clock_timestamp()) ON CONFLICT DO NOTHING`,
      [executionId, runId, code, message],
    );
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    const rows = await this.#rows(
      `SELECT execution, run, code, message, extract(epoch FROM at) * 1000 AS at FROM ${this.#s}.dead_letters ORDER BY at`,
    );
    return rows.map(({ execution, run, code, message, at }) => ({
      executionId: String(execution),
      runId: String(run),
      code: String(code),
      message: String(message),
      atMs: Number(at),
    }));
  }

  /** Takes executions from the list. */
  async exhume(executionIds: readonly string[]): Promise<void> {
    await this.#rows(`DELETE FROM ${this.#s}.dead_letters WHERE execution = ANY ($1::text[])`, [
      executionIds,
    ]);
  }

  /** Those of `runIds` that have ended for good. */
  async ended(runIds: readonly string[]): Promise<readonly Ended[]> {
    const rows = await this.#rows(
      `SELECT id, status, ending FROM ${this.#s}.runs
       WHERE id = ANY ($1::text[]) AND status IN ('succeeded', 'failed', 'cancelled')`,
      [runIds],
    );
    return rows.map(({ id, status, ending }) => ({
      runId: String(id),
      status: status as RunStatus, // the query asks for three of them
      ending: JSON.parse(String(ending)) as RunEnding, // `end` wrote it
    }));
  }

  /** Those of `runIds` that somebody holds. */
  async held(runIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#rows(
      `SELECT id FROM ${this.#s}.runs
       WHERE id = ANY ($1::text[]) AND owner IS NOT NULL AND lease_until > clock_timestamp()`,
      [runIds],
    );
    return new Set(rows.map(({ id }) => String(id)));
  }

  /** What was told of a run after `cursor`, in order. */
  async events(runId: string, cursor: string, limit: number): Promise<readonly StoredEvent[]> {
    const rows = await this.#rows(
      `SELECT e.n, e.event FROM ${this.#s}.events e JOIN ${this.#s}.runs r ON e.run = r.n
       WHERE r.id = $1 AND e.n > $2 ORDER BY e.n LIMIT $3`,
      [runId, cursor, limit],
    );
    return rows.map(({ n, event }) => ({ cursor: String(n), event: JSON.parse(String(event)) }));
  }

  /** Keys of all that was told of a run. */
  async toldKeys(runId: string): Promise<ReadonlySet<string>> {
    const rows = await this.#rows(
      `SELECT key FROM ${this.#s}.events WHERE run = (SELECT n FROM ${this.#s}.runs WHERE id = $1)`,
      [runId],
    );
    return new Set(rows.map(({ key }) => String(key)));
  }

  /** Counts of the whole fleet. */
  async state(): Promise<FleetState> {
    const [row] = await this.#rows(
      `SELECT (SELECT count(*) FROM ${this.#s}.workers) AS workers,
         (SELECT count(*) FROM ${this.#s}.dead_letters) AS dead,
         (SELECT count(*) FROM ${this.#s}.outbox WHERE failures > 0) AS failing,
         (SELECT count(*) FROM ${this.#s}.runs WHERE status = 'running') AS running,
         (SELECT count(*) FROM ${this.#s}.runs WHERE status = 'suspended') AS suspended`,
    );
    return {
      workers: Number(row?.workers),
      deadLetters: Number(row?.dead),
      failingDeliveries: Number(row?.failing),
      runs: ['running', 'suspended'].map((status) => ({ status, count: Number(row?.[status]) })),
    };
  }

  /** Runs under way of which nothing was heard for so long, the quietest first. */
  async quiet(
    olderThanMs: number,
  ): Promise<readonly { readonly runId: string; readonly silentMs: number }[]> {
    const rows = await this.#rows(
      `SELECT id, extract(epoch FROM clock_timestamp() - updated_at) * 1000 AS silent FROM ${this.#s}.runs
       WHERE status = 'running' AND updated_at < clock_timestamp() - $1::float8 * interval '1 ms'
       ORDER BY updated_at LIMIT 1000`,
      [olderThanMs],
    );
    return rows.map(({ id, silent }) => ({ runId: String(id), silentMs: Number(silent) }));
  }

  /**
   * Calls `onNews` when something was written of a run, or of any (null), until `signal` is aborted or the
   * connection breaks. What is missed meanwhile is missed: who listens also looks from time to time.
   */
  async listen(onNews: (runId: string | null) => void, signal: AbortSignal): Promise<void> {
    await this.#database.borrow(async (connection) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = (): void => resolve();
      connection.on('error', stop);
      connection.on('end', stop);
      signal.addEventListener('abort', stop, { once: true });
      connection.on('notification', ({ payload = '' }) => {
        for (const runId of payload.split(',')) onNews(runId === ANY_RUN ? null : runId);
      });
      await connection.query({ text: `LISTEN ${this.#s}` });
      if (!signal.aborted) await promise;
      signal.removeEventListener('abort', stop);
      throw new Error('The connection is listening, and nobody else may get it.'); // it is closed, not given back
    });
  }

  async #rows(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.#database.query({ text }, values)).rows;
  }
}

/**
 * Runs and their records in PostgreSQL, which any number of machines may share.
 *
 * Who holds a run is decided by the database's clock alone.
 */
import { randomUUID } from 'node:crypto';
import { RegattaError } from '../base/errors.ts';
import { Problems } from '../base/problems.ts';
import type {
  Journal,
  JournaledRun,
  JournaledSteps,
  PrunePolicy,
  RunEnding,
  RunFilter,
  RunRecord,
  StepRecord,
  Written,
} from '../ports/journal.ts';
import { ownerHere } from './owner.ts';
import type { Budgets } from './postgres-budgets.ts';
import type { Change, EventText } from './postgres-changes.ts';
import type { Row } from './postgres-connection.ts';
import { Database, type PostgresOptions } from './postgres-database.ts';
import { toAttempt, toSettled } from './postgres-money.ts';
import { toFailure, unknownRun, Writer } from './postgres-writer.ts';

export interface PostgresJournalOptions extends PostgresOptions {
  /**
   * Milliseconds after which a holder that gives no sign of life holds nothing. It gives one with each
   * write, and three times in this time. @default 30000
   */
  readonly leaseMs?: number;
}

const LEASE_MS = 30_000;
const LIMIT = 100;

/**
 * Holds what models and tools answered, and inputs: let nobody read the schema who may not read those.
 * Needs the package `pg`. The tables are made on first use, safely with any number of processes at once.
 *
 * @throws RegattaError `definition/invalid`; its methods also `postgres/*`.
 * @example
 * const journal = postgresJournal({ connectionString: 'postgresql://localhost/app' });
 * await crew.kickoff({ inputs, journal });
 */
export function postgresJournal(options: PostgresJournalOptions): Journal & AsyncDisposable {
  const { leaseMs = LEASE_MS, ...rest } = options;
  const problems = new Problems('The PostgreSQL journal');
  problems.duration('leaseMs', leaseMs, 10);
  problems.throwIfAny();
  return new PostgresJournal(new Database(rest), leaseMs);
}

/** Milliseconds for which events wait for a record of their run, with which they are written. */
const TELL_MS = 100;

/** @internal What `postgresJournal` gives; with its events, which workers write for whoever watches. */
export class PostgresJournal implements Journal, AsyncDisposable {
  readonly #database: Database;
  readonly #leaseMs: number;
  /** This opening, in words; after the # it is told apart from the others of its process. */
  readonly #owner = `${ownerHere()}#${randomUUID()}`;
  readonly #writer: Writer;
  /** Runs that are held here, by epoch. */
  readonly #held = new Map<string, number>();
  #renewing: NodeJS.Timeout | undefined;
  /** Events that wait for the next write of their run. */
  readonly #told = new Map<string, { readonly epoch: number; readonly events: EventText[] }>();
  #telling: NodeJS.Timeout | undefined;
  readonly #limited = new Map<string, { readonly budgets: Budgets; readonly names: readonly string[] }>();

  constructor(database: Database, leaseMs: number) {
    this.#database = database;
    this.#leaseMs = leaseMs;
    this.#writer = new Writer(database, { leaseMs, owner: this.#owner });
  }

  async create(run: RunRecord, records: readonly StepRecord[]): Promise<void> {
    const { runId } = run;
    await this.#writer.change({ runId, epoch: 1, create: run, records: records.map(toText) });
    this.#hold(runId, 1);
  }

  async claim(runId: string, { takeOver }: { readonly takeOver: boolean }): Promise<JournaledSteps> {
    const { schema } = this.#database;
    const text = `
      UPDATE ${schema}.runs SET status = 'running', epoch = epoch + 1, owner = $2, ending = NULL,
        lease_until = clock_timestamp() + $3::float8 * interval '1 ms', updated_at = clock_timestamp()
      WHERE id = $1 AND ($4 OR owner IS NULL OR lease_until <= clock_timestamp() OR owner = $2)
      RETURNING ${COLUMNS}`;
    // Its own name for this hold: a claim that is sent twice, since nothing was heard of it, finds itself.
    const owner = `${this.#owner}/${randomUUID()}`;
    const [row] = await this.#rows(text, [runId, owner, this.#leaseMs, takeOver]);
    if (row === undefined) throw await this.#heldError(runId);
    const run = toRun(row);
    this.#hold(runId, run.epoch);
    return { run, records: await this.#records(row) };
  }

  async read(runId: string): Promise<JournaledSteps | undefined> {
    const [row] = await this.#rows(`SELECT ${COLUMNS} FROM ${this.#database.schema}.runs WHERE id = $1`, [
      runId,
    ]);
    return row && { run: toRun(row), records: await this.#records(row) };
  }

  async find(runId: string, key: string): Promise<StepRecord | undefined> {
    const { schema } = this.#database;
    const text = `SELECT value FROM ${schema}.records WHERE run = (SELECT n FROM ${schema}.runs WHERE id = $1) AND key = $2`;
    const [row] = await this.#rows(text, [runId, key]);
    return row && { key, value: JSON.parse(String(row.value)) };
  }

  /**
   * From now on, what a run's attempts may need is reserved from these budgets before they are recorded,
   * and what they took is settled with its record, until `unlimit`.
   */
  limit(runId: string, budgets: Budgets, names: readonly string[]): void {
    if (names.length > 0) this.#limited.set(runId, { budgets, names });
  }

  /** The run has ended here: what it has reserved and not settled is given back. */
  async unlimit(runId: string): Promise<void> {
    const limits = this.#limited.get(runId);
    this.#limited.delete(runId);
    await limits?.budgets.release(runId);
  }

  async write(runId: string, record: StepRecord, epoch: number | null): Promise<Written> {
    const limits = this.#limited.get(runId);
    const attempt = limits && toAttempt(record);
    if (attempt !== undefined) {
      await limits?.budgets.reserve({ ...attempt, runId, key: record.key, budgets: limits.names });
    }
    const settled = limits && toSettled(record);
    const { values, isFirst } = await this.#change(runId, epoch, { records: [toText(record)], settled });
    return { value: values[0] ?? null, isFirst: isFirst[0] === true };
  }

  async end(runId: string, ending: RunEnding, epoch: number): Promise<void> {
    const { status } = ending;
    await this.#change(runId, epoch, { records: [], ending: { status, text: JSON.stringify(ending) } });
    this.#release(runId, epoch);
  }

  async list({ limit = LIMIT, runId, name, status }: RunFilter = {}): Promise<readonly JournaledRun[]> {
    const text = `
      SELECT ${COLUMNS} FROM ${this.#database.schema}.runs
      WHERE ($1::text IS NULL OR id = $1) AND ($2::text IS NULL OR name = $2) AND ($3::text IS NULL OR status = $3)
      ORDER BY n DESC LIMIT $4`;
    return (await this.#rows(text, [runId ?? null, name ?? null, status ?? null, limit])).map(toRun);
  }

  async remove(runIds: readonly string[]): Promise<number> {
    return await this.#remove('id = ANY ($1::text[])', [runIds]);
  }

  async prune({ olderThanMs = 0, keep = 0 }: PrunePolicy): Promise<number> {
    const where = `n IN (
      SELECT n FROM (SELECT n, updated_at FROM ${this.#database.schema}.runs
        WHERE status IN ('succeeded', 'failed', 'cancelled') ORDER BY n DESC OFFSET $1) old
      WHERE updated_at <= clock_timestamp() - $2::float8 * interval '1 ms')`;
    return await this.#remove(where, [keep, olderThanMs]);
  }

  /** Writes events with the run's next record, or soon without one. They follow the records before them. */
  tell(runId: string, epoch: number, event: EventText): void {
    const told = this.#told.get(runId);
    if (told === undefined) this.#told.set(runId, { epoch, events: [event] });
    else told.events.push(event);
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      // What was taken over meanwhile is told by its new holder; an outage is heard of by the next record.
      for (const waiting of this.#told.keys()) this.tellNow(waiting).catch(() => undefined);
    }, TELL_MS).unref();
  }

  /** Waits until all events of a run so far are written. @throws as `write` */
  async tellNow(runId: string): Promise<void> {
    const told = this.#told.get(runId);
    if (told !== undefined) await this.#change(runId, told.epoch, { records: [] });
  }

  async close(): Promise<void> {
    await Promise.allSettled(Array.from(this.#told.keys(), (runId) => this.tellNow(runId)));
    await this.#writer.idle();
    clearInterval(this.#renewing);
    clearTimeout(this.#telling);
    this.#held.clear();
    await this.#database.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Lets go of runs that are to be taken by others: what they still write here is refused. */
  async release(runIds: readonly string[]): Promise<void> {
    const text = `
      UPDATE ${this.#database.schema}.runs r SET epoch = r.epoch + 1, owner = NULL
      FROM unnest($1::text[], $2::int[]) AS h (id, epoch) WHERE r.id = h.id AND r.epoch = h.epoch`;
    const held = runIds.filter((runId) => this.#held.has(runId));
    await this.#rows(text, [held, held.map((runId) => this.#held.get(runId))]);
    for (const runId of held) this.#release(runId, this.#held.get(runId) ?? null);
  }

  async #change(
    runId: string,
    epoch: number | null,
    change: Pick<Change, 'records' | 'ending' | 'settled'>,
  ): ReturnType<Writer['change']> {
    const told = epoch === null ? undefined : this.#told.get(runId);
    if (told !== undefined) this.#told.delete(runId);
    try {
      return await this.#writer.change({ runId, epoch, ...change, ...(told && { events: told.events }) });
    } catch (error) {
      if (error instanceof RegattaError && error.code === 'journal/lost') this.#release(runId, epoch);
      throw error;
    }
  }

  #hold(runId: string, epoch: number): void {
    this.#held.set(runId, epoch);
    this.#renewing ??= setInterval(() => void this.#renew(), this.#leaseMs / 3).unref();
  }

  #release(runId: string, epoch: number | null): void {
    if (this.#held.get(runId) === epoch) this.#held.delete(runId);
    if (this.#held.size > 0) return;
    clearInterval(this.#renewing);
    this.#renewing = undefined;
  }

  /** A sign of life that fails is followed by others; a lease that ends meanwhile is lost by the rules. */
  async #renew(): Promise<void> {
    const text = `
      UPDATE ${this.#database.schema}.runs r SET lease_until = clock_timestamp() + $3::float8 * interval '1 ms'
      FROM unnest($1::text[], $2::int[]) AS h (id, epoch)
      WHERE r.id = h.id AND r.epoch = h.epoch AND r.owner IS NOT NULL`;
    const values = [[...this.#held.keys()], [...this.#held.values()], this.#leaseMs];
    await this.#database.query({ text }, values).catch(() => undefined);
  }

  async #remove(where: string, values: readonly unknown[]): Promise<number> {
    const { schema } = this.#database;
    const text = `
      WITH gone AS (
        DELETE FROM ${schema}.runs
        WHERE ${where} AND (owner IS NULL OR lease_until <= clock_timestamp()) RETURNING n),
      records AS (DELETE FROM ${schema}.records USING gone WHERE run = gone.n),
      events AS (DELETE FROM ${schema}.events USING gone WHERE run = gone.n)
      SELECT count(*) AS count FROM gone`;
    const [row] = await this.#rows(text, values);
    return Number(row?.count);
  }

  async #heldError(runId: string): Promise<RegattaError> {
    const [run] = await this.list({ runId });
    if (run === undefined) return unknownRun(runId);
    const { heldBy } = run;
    const message = `Run "${runId}" is held by ${heldBy ?? 'somebody'}. Wait for its end, or take it over.`;
    return new RegattaError('journal/held', message, { runId, heldBy: heldBy ?? 'somebody', untilMs: null });
  }

  async #records({ n }: Row): Promise<readonly StepRecord[]> {
    const text = `SELECT key, value FROM ${this.#database.schema}.records WHERE run = $1 ORDER BY n`;
    const rows = await this.#rows(text, [n]);
    return rows.map(({ key, value }) => ({ key: String(key), value: JSON.parse(String(value)) }));
  }

  async #rows(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    try {
      return (await this.#database.query({ text }, values)).rows;
    } catch (error) {
      throw toFailure(error);
    }
  }
}

const COLUMNS = `n, status, epoch, record, ending,
  CASE WHEN lease_until > clock_timestamp() THEN owner END AS holder,
  extract(epoch FROM updated_at) * 1000 AS updated_at_ms`;

function toText({ key, value }: StepRecord): StepRecord & { readonly text: string } {
  return { key, value, text: JSON.stringify(value) };
}

function toRun({ status, epoch, record, ending, holder, updated_at_ms: updatedAtMs }: Row): JournaledRun {
  return {
    ...(JSON.parse(String(record)) as RunRecord), // `create` wrote it
    status: status as JournaledRun['status'], // written by `create`, `claim` and `end` alone
    epoch: Number(epoch),
    heldBy: typeof holder === 'string' ? holder.replace(/#.*/, '') : null,
    updatedAtMs: Number(updatedAtMs),
    ending: typeof ending === 'string' ? (JSON.parse(ending) as RunEnding) : null, // `end` wrote it
  };
}

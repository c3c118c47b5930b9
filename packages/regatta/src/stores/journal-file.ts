/** The SQLite file of a journal. Synchronous: it belongs on a thread of its own. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { toErrorData } from '../base/error-data.ts';
import { isRegattaError, RegattaError } from '../base/errors.ts';
import type {
  JournaledRun,
  JournaledSteps,
  PrunePolicy,
  RunEnding,
  RunFilter,
  RunRecord,
  StepRecord,
  Written,
} from '../ports/journal.ts';
import type { ErrorData } from '../protocol/output.ts';
import { holderOf, type Row, toRun } from './journal-row.ts';
import { migrate } from './journal-schema.ts';
import { ownerHere } from './owner.ts';
import type { Change, JournalData, Query } from './sqlite-journal-wire.ts';

/** What became of one change of a transaction. */
export type Outcome = { readonly value: unknown } | { readonly error: ErrorData };

const LIMIT = 100;

export class JournalFile {
  readonly #data: JournalData;
  readonly #owner = ownerHere();
  readonly #statements = new Map<string, StatementSync>();
  #database: DatabaseSync | undefined;

  constructor(data: JournalData) {
    this.#data = data;
  }

  /**
   * All changes in one transaction. One that is refused, such as a claim of a run that is held, changes
   * nothing, and the others are made.
   *
   * @throws what SQLite throws, and then nothing is changed; busy = try again.
   */
  change(changes: readonly Change[], now: number): readonly Outcome[] {
    const database = this.#open();
    database.exec('BEGIN IMMEDIATE');
    try {
      const outcomes = changes.map((change): Outcome => {
        try {
          return { value: this.#apply(change, now) };
        } catch (error) {
          if (!isRegattaError(error)) throw error;
          return { error: toErrorData(error) }; // refused before it changed anything
        }
      });
      database.exec('COMMIT');
      return outcomes;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  /** @throws as `change` */
  query(query: Query, now: number): unknown {
    switch (query.op) {
      case 'read': {
        const row = this.#run(query.runId);
        return row && this.#steps(row, now);
      }
      case 'find': {
        const row = this.#get(
          'SELECT value FROM records WHERE run = (SELECT n FROM runs WHERE id = ?) AND key = ?',
          query.runId,
          query.key,
        );
        return row && { key: query.key, value: JSON.parse(String(row.value)) };
      }
      case 'list':
        return this.#list(query.filter, now);
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database?.close();
    this.#database = undefined;
  }

  #apply(change: Change, now: number): unknown {
    switch (change.op) {
      case 'create':
        return this.#create(change.run, change.records, now);
      case 'claim':
        return this.#claim(change.runId, change.takeOver, now);
      case 'write':
        return this.#write(change, now);
      case 'end':
        return this.#end(change.runId, change.ending, change.epoch, now);
      case 'renew':
        for (const [runId, epoch] of change.held) {
          this.#exec(
            'UPDATE runs SET lease_until = ? WHERE id = ? AND epoch = ? AND owner IS NOT NULL',
            now + this.#data.leaseMs,
            runId,
            epoch,
          );
        }
        return null;
      case 'remove':
        return this.#remove(change.runIds, now);
      case 'prune':
        return this.#prune(change.policy, now);
    }
  }

  #create(run: RunRecord, records: readonly StepRecord[], now: number): null {
    const { runId, name } = run;
    if (this.#run(runId) !== undefined) {
      const message = `The journal has a run "${runId}" already. Resume it, or start one with another id.`;
      throw new RegattaError('journal/run-exists', message, { runId });
    }
    const { lastInsertRowid } = this.#exec(
      `INSERT INTO runs (id, name, status, epoch, owner, lease_until, updated_at, record)
       VALUES (?, ?, 'running', 1, ?, ?, ?, ?)`,
      runId,
      name,
      this.#owner,
      now + this.#data.leaseMs,
      now,
      JSON.stringify(run),
    );
    for (const { key, value } of records) {
      this.#exec(
        'INSERT INTO records (run, key, value) VALUES (?, ?, ?)',
        lastInsertRowid,
        key,
        JSON.stringify(value),
      );
    }
    return null;
  }

  #claim(runId: string, takeOver: boolean, now: number): JournaledSteps {
    const row = this.#need(runId);
    const heldBy = holderOf(row, now);
    if (heldBy !== null && !takeOver) {
      const untilMs = Number(row.lease_until);
      const until = new Date(untilMs).toISOString();
      throw new RegattaError(
        'journal/held',
        `Run "${runId}" is held by ${heldBy}, at least until ${until}. Wait for its end, or take it over if you know that it does nothing more.`,
        { runId, heldBy, untilMs },
      );
    }
    this.#exec(
      `UPDATE runs SET status = 'running', ending = NULL, epoch = epoch + 1, owner = ?, lease_until = ?, updated_at = ?
       WHERE id = ?`,
      this.#owner,
      now + this.#data.leaseMs,
      now,
      runId,
    );
    return this.#steps(this.#need(runId), now);
  }

  #write({ runId, record, epoch }: Extract<Change, { readonly op: 'write' }>, now: number): Written {
    const n = this.#hold(runId, epoch, now);
    const { key, value } = record;
    const text = JSON.stringify(value);
    const { changes } = this.#exec(
      'INSERT INTO records (run, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      n,
      key,
      text,
    );
    if (changes === 1) return { isFirst: true, value };
    const earlier = this.#get('SELECT value FROM records WHERE run = ? AND key = ?', n, key);
    return { isFirst: false, value: JSON.parse(String(earlier?.value)) };
  }

  #end(runId: string, ending: RunEnding, epoch: number, now: number): null {
    const n = this.#hold(runId, epoch, now);
    this.#exec(
      'UPDATE runs SET status = ?, ending = ?, owner = NULL WHERE n = ?',
      ending.status,
      JSON.stringify(ending),
      n,
    );
    return null;
  }

  /** The run's number, if `epoch` is its newest: check and sign of life are one statement. */
  #hold(runId: string, epoch: number | null, now: number): number {
    if (epoch === null) return Number(this.#need(runId).n);
    const row = this.#get(
      'UPDATE runs SET lease_until = ?, updated_at = ? WHERE id = ? AND epoch = ? RETURNING n',
      now + this.#data.leaseMs,
      now,
      runId,
      epoch,
    );
    if (row !== undefined) return Number(row.n);
    this.#need(runId);
    const message = `Run "${runId}" was taken over by somebody else, so epoch ${epoch} writes nothing more. Leave it to its new holder.`;
    throw new RegattaError('journal/lost', message, { runId, epoch });
  }

  #list({ limit = LIMIT, runId, name, status }: RunFilter, now: number): readonly JournaledRun[] {
    const wanted = Object.entries({ id: runId, name, status }).filter(([, value]) => value !== undefined);
    const where = wanted.map(([column]) => `${column} = ?`).join(' AND ');
    const values = wanted.map(([, value]) => String(value));
    const sql = `SELECT * FROM runs ${where === '' ? '' : `WHERE ${where}`} ORDER BY n DESC LIMIT ?`;
    const rows = this.#statement(sql).all(...values, limit);
    return rows.map((row) => toRun(row, now));
  }

  #remove(runIds: readonly string[], now: number): number {
    const free = [...new Set(runIds)].flatMap((id) => {
      const row = this.#run(id);
      return row === undefined || holderOf(row, now) !== null ? [] : [Number(row.n)];
    });
    for (const n of free) {
      this.#exec('DELETE FROM records WHERE run = ?', n);
      this.#exec('DELETE FROM runs WHERE n = ?', n);
    }
    return free.length;
  }

  #prune({ olderThanMs = 0, keep = 0 }: PrunePolicy, now: number): number {
    const rows = this.#statement(
      `SELECT id FROM (SELECT id, updated_at FROM runs WHERE status IN ('succeeded', 'failed', 'cancelled')
       ORDER BY n DESC LIMIT -1 OFFSET ?) WHERE updated_at <= ?`,
    ).all(keep, now - olderThanMs);
    return this.#remove(
      rows.map(({ id }) => String(id)),
      now,
    );
  }

  #steps(row: Row, now: number): JournaledSteps {
    const rows = this.#statement('SELECT key, value FROM records WHERE run = ? ORDER BY n').all(
      Number(row.n),
    );
    const records = rows.map(({ key, value }) => ({ key: String(key), value: JSON.parse(String(value)) }));
    return { run: toRun(row, now), records };
  }

  #need(runId: string): Row {
    const row = this.#run(runId);
    if (row !== undefined) return row;
    const message = `The journal has no run "${runId}". Correct the id, or look at the list of its runs.`;
    throw new RegattaError('journal/unknown-run', message, { runId });
  }

  #run(runId: string): Row | undefined {
    return this.#get('SELECT * FROM runs WHERE id = ?', runId);
  }

  #get(sql: string, ...values: Value[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  #exec(sql: string, ...values: Value[]): ReturnType<StatementSync['run']> {
    return this.#statement(sql).run(...values);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#open().prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #open(): DatabaseSync {
    if (this.#database !== undefined) return this.#database;
    const { file } = this.#data;
    mkdirSync(dirname(file), { recursive: true });
    const database = new DatabaseSync(file, { timeout: 0 }); // whoever waits does so between tries
    try {
      migrate(database, file);
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
    return database;
  }
}

type Value = string | number | bigint | null;

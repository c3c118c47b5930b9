/** The SQLite file of kept replies. Synchronous: it belongs on a thread of its own. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SqliteData, Write } from './sqlite-wire.ts';

/** An index on time and size, so that making room reads no texts. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    expires_at REAL NOT NULL,
    used_at REAL NOT NULL
  );
  CREATE INDEX IF NOT EXISTS replies_use ON replies (used_at, bytes);
  CREATE INDEX IF NOT EXISTS replies_end ON replies (expires_at);
`;

export class ReplyFile {
  readonly #data: SqliteData;
  #database: DatabaseSync | undefined;

  constructor(data: SqliteData) {
    this.#data = data;
  }

  /** @throws what SQLite throws; busy = try again. */
  read(key: string, nowMs: number): string | null {
    const row = this.#open()
      .prepare('SELECT text FROM replies WHERE key = ? AND expires_at > ?')
      .get(key, nowMs);
    return typeof row?.text === 'string' ? row.text : null;
  }

  /** All or nothing. Gives the number of replies that made room. @throws as `read` */
  write(batch: readonly Write[], marks: ReadonlyMap<string, number>): number {
    const database = this.#open();
    database.exec('BEGIN IMMEDIATE');
    try {
      const mark = database.prepare('UPDATE replies SET used_at = max(used_at, ?) WHERE key = ?');
      for (const [key, nowMs] of marks) mark.run(nowMs, key);
      const insert = database.prepare(
        'INSERT OR REPLACE INTO replies (key, text, bytes, expires_at, used_at) VALUES (?, ?, ?, ?, ?)',
      );
      for (const { key, text, expiresAtMs, nowMs } of batch)
        insert.run(key, text, Buffer.byteLength(text), expiresAtMs, nowMs);
      const now = Math.max(...batch.map(({ nowMs }) => nowMs));
      database.prepare('DELETE FROM replies WHERE expires_at <= ?').run(now);
      const evicted = this.#makeRoom(database);
      database.exec('COMMIT');
      return evicted;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #makeRoom(database: DatabaseSync): number {
    const { maxEntries, maxBytes } = this.#data;
    const total = database.prepare('SELECT count(*) AS entries, total(bytes) AS bytes FROM replies').get();
    let entries = Number(total?.entries ?? 0);
    let bytes = Number(total?.bytes ?? 0);
    if (entries <= maxEntries && bytes <= maxBytes) return 0;
    const drop: number[] = [];
    for (const row of database
      .prepare('SELECT rowid, bytes FROM replies ORDER BY used_at, rowid')
      .iterate()) {
      if (entries <= maxEntries && bytes <= maxBytes) break;
      drop.push(Number(row.rowid));
      entries--;
      bytes -= Number(row.bytes);
    }
    const remove = database.prepare('DELETE FROM replies WHERE rowid = ?');
    for (const rowid of drop) remove.run(rowid);
    return drop.length;
  }

  #open(): DatabaseSync {
    if (this.#database !== undefined) return this.#database;
    mkdirSync(dirname(this.#data.file), { recursive: true });
    const database = new DatabaseSync(this.#data.file, { timeout: 0 }); // whoever waits does so between tries
    try {
      // Readers and a writer do not wait for each other; what a crash of the machine takes is asked again.
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      database.exec(SCHEMA);
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
    return database;
  }
}

/** What is said between a SQLite cache and its thread. */

export interface SqliteData {
  /** Absolute. */
  readonly file: string;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export interface Write {
  readonly type: 'write';
  readonly key: string;
  readonly text: string;
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

export interface Read {
  readonly type: 'read';
  readonly id: number;
  readonly key: string;
  readonly nowMs: number;
}

export type ToSqlite =
  | Read
  | Write
  | { readonly type: 'flush'; readonly id: number }
  | { readonly type: 'close' };

export type FromSqlite =
  /** The answer to a `read`, or to a `flush`. */
  | { readonly type: 'answer'; readonly id: number; readonly text: string | null }
  | { readonly type: 'evicted'; readonly count: number }
  | { readonly type: 'failed'; readonly count: number };

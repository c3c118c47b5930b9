/** The seam to kept replies of models: texts by key, for a while. */

/**
 * Keeps texts by key. What goes wrong in it is not the call's affair: a text that cannot be read is not
 * there, and one that cannot be kept is not kept.
 */
export interface ReplyStore {
  /** The text of `key`; undefined when there is none, or it is no good any more at `nowMs`. */
  read(key: string, nowMs: number): Promise<string | undefined>;
  /** Takes `text` over and returns at once, without waiting for a disk. A later `read` gives it. */
  write(key: string, text: string, life: Lifetime): void;
  /** Hears what each call came to, for statistics. A call that waited for another one's reply is a hit. */
  count(outcome: 'hit' | 'miss'): void;
  /** Whether it may be read by another runtime or process, later. Then its scope must have a name. */
  readonly outlivesRuntime: boolean;
}

/** Wall clock, milliseconds since the epoch. */
export interface Lifetime {
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

/** What became of calls whose replies a store keeps, since it was made. */
export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Replies given up for want of room. */
  readonly evictions: number;
  /** Reads and writes that failed: such a read is a miss, too. */
  readonly failures: number;
}

/** How replies of a model are kept. */
export interface CachePolicy {
  readonly store: ReplyStore;
  readonly ttlMs: number;
  /** `run`, `runtime`, or a name: who shares replies. */
  readonly scope: string;
}

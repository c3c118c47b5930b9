/**
 * Durable handlers: each gets every event of every run at least once, in the order of its run, after
 * what caused it is kept for good. Any number of processes may share a handler's work.
 *
 * A mark for each run and handler is set by the statement that writes the events; whoever takes it has
 * it for a while, and takes it away only if nothing was written meanwhile.
 */
import { randomUUID } from 'node:crypto';
import { messageOf } from '../base/errors.ts';
import type { Json } from '../base/json.ts';
import type { Row } from './postgres-connection.ts';
import type { Database } from './postgres-database.ts';

export interface Delivery {
  /** The same for each try, and no other event's: by it a handler knows what it has done already. */
  readonly deliveryId: string;
  /** From 1. */
  readonly attempt: number;
  readonly event: Json;
}

export interface StuckDelivery {
  readonly handler: string;
  readonly runId: string;
  readonly failures: number;
  readonly problem: string;
}

/** Milliseconds for which a mark is its taker's, for each page of events: then somebody else tries. */
const CLAIM_MS = 60_000;
/** No mark has it: what is settled with it stays open. */
const UNKNOWN = 0;
const EVENTS_AT_ONCE = 100;
const RUNS_AT_ONCE = 16;
const LONGEST_PAUSE_MS = 300_000;

export class Outbox {
  readonly #database: Database;
  readonly #s: string;

  constructor(database: Database) {
    this.#database = database;
    this.#s = database.schema;
  }

  /** Makes a handler known: it gets what is written from now on. Idempotent. */
  async register(handler: string): Promise<void> {
    await this.#rows(`INSERT INTO ${this.#s}.handlers VALUES ($1) ON CONFLICT DO NOTHING`, [handler]);
  }

  /** Forgets a handler, and what waits for it. */
  async unregister(handler: string): Promise<void> {
    await this.#rows(`DELETE FROM ${this.#s}.handlers WHERE name = $1`, [handler]);
    await this.#rows(`DELETE FROM ${this.#s}.outbox WHERE handler = $1`, [handler]);
  }

  /** Delivers what waits for a handler, until `signal` is aborted. Gives whether there was anything. */
  async deliver(
    handler: string,
    handle: (delivery: Delivery) => Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const claim = randomUUID();
    const { rows, isRetry } = await this.#database.query(
      {
        text: `UPDATE ${this.#s}.outbox o SET claim = $2, not_before = clock_timestamp() + interval '${CLAIM_MS} ms'
       FROM (SELECT handler, run FROM ${this.#s}.outbox
         WHERE handler = $1 AND is_open AND not_before <= clock_timestamp()
         ORDER BY not_before LIMIT ${RUNS_AT_ONCE} FOR UPDATE SKIP LOCKED) free
       WHERE o.handler = free.handler AND o.run = free.run
       RETURNING o.run, o.version, o.cursor, o.failures`,
      },
      [handler, claim],
    );
    // Marks that a first try has taken, of which nothing was heard, are ours, too.
    const marks = isRetry ? await this.#taken(handler, claim) : rows;
    await Promise.all(marks.map((mark) => this.#deliverRun(handler, claim, mark, { handle, signal })));
    return marks.length > 0;
  }

  /** Where a handler failed and will be tried again. */
  async failing(): Promise<readonly StuckDelivery[]> {
    const rows = await this.#rows(
      `SELECT o.handler, r.id, o.failures, o.problem FROM ${this.#s}.outbox o JOIN ${this.#s}.runs r ON r.n = o.run
       WHERE o.failures > 0 ORDER BY o.failures DESC LIMIT 1000`,
    );
    return rows.map(({ handler, id, failures, problem }) => ({
      handler: String(handler),
      runId: String(id),
      failures: Number(failures),
      problem: String(problem),
    }));
  }

  async #deliverRun(
    handler: string,
    claim: string,
    { run, version, cursor: from, failures }: Row,
    {
      handle,
      signal,
    }: {
      readonly handle: (delivery: Delivery) => Promise<unknown>;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<void> {
    let cursor = String(from);
    let attempt = Number(failures) + 1;
    try {
      for (;;) {
        const page = await this.#events(run, cursor);
        for (const { n, key, event } of page) {
          if (signal?.aborted === true)
            return await this.#settle(handler, run, claim, { cursor, version: UNKNOWN });
          const deliveryId = `${run}${key}`;
          await handle({ deliveryId, attempt, event: JSON.parse(String(event)) });
          cursor = String(n);
          attempt = 1; // what failed was the first of them
        }
        if (page.length < EVENTS_AT_ONCE) return await this.#settle(handler, run, claim, { cursor, version });
        if (!(await this.#keep(handler, run, claim, cursor))) return;
      }
    } catch (error) {
      await this.#fail(handler, run, claim, { cursor, problem: messageOf(error) });
    }
  }

  async #taken(handler: string, claim: string): Promise<readonly Row[]> {
    return await this.#rows(
      `SELECT run, version, cursor, failures FROM ${this.#s}.outbox WHERE handler = $1 AND claim = $2`,
      [handler, claim],
    );
  }

  async #events(run: unknown, cursor: string): Promise<readonly Row[]> {
    return await this.#rows(
      `SELECT n, key, event FROM ${this.#s}.events WHERE run = $1 AND n > $2 ORDER BY n LIMIT ${EVENTS_AT_ONCE}`,
      [run, cursor],
    );
  }

  /** Marks what was handled so far, and has the mark for longer. Gives whether it is still the taker's. */
  async #keep(handler: string, run: unknown, claim: string, cursor: string): Promise<boolean> {
    const kept = await this.#rows(
      `UPDATE ${this.#s}.outbox SET cursor = $4, failures = 0, problem = NULL,
         not_before = clock_timestamp() + interval '${CLAIM_MS} ms'
       WHERE handler = $1 AND run = $2 AND claim = $3 RETURNING run`,
      [handler, run, claim, cursor],
    );
    return kept.length > 0;
  }

  /** Open again, and at once, where more was written since the mark was taken. */
  async #settle(
    handler: string,
    run: unknown,
    claim: string,
    at: { readonly cursor: string; readonly version: unknown },
  ) {
    await this.#rows(
      `UPDATE ${this.#s}.outbox SET cursor = $4, failures = 0, problem = NULL, claim = NULL,
         is_open = version <> $5, not_before = '-infinity'
       WHERE handler = $1 AND run = $2 AND claim = $3`,
      [handler, run, claim, at.cursor, at.version],
    );
  }

  async #fail(
    handler: string,
    run: unknown,
    claim: string,
    at: { readonly cursor: string; readonly problem: string },
  ) {
    await this.#rows(
      `UPDATE ${this.#s}.outbox SET cursor = $4, failures = CASE WHEN cursor = $4 THEN failures + 1 ELSE 1 END,
         problem = $5, claim = NULL,
         not_before = clock_timestamp() + least(${LONGEST_PAUSE_MS}, 200 * 2 ^ least(failures, 20)) * interval '1 ms'
       WHERE handler = $1 AND run = $2 AND claim = $3`,
      [handler, run, claim, at.cursor, at.problem.slice(0, 1_000)],
    );
  }

  async #rows(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.#database.query({ text }, values)).rows;
  }
}

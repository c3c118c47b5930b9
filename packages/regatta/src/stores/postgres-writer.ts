/**
 * Group commit: one statement at a time, with all that waits when it is sent. So a step costs one round
 * trip and one wait for the disk at most, and shares both with every other run of the process.
 */
import { isRegattaError, messageOf, RegattaError } from '../base/errors.ts';
import type { Json } from '../base/json.ts';
import {
  type Change,
  type Changed,
  type Item,
  type RecordText,
  type Settled,
  takeBatch,
  type Wish,
} from './postgres-changes.ts';
import type { Row } from './postgres-connection.ts';
import type { Database, Result } from './postgres-database.ts';

export interface WriterOptions {
  readonly leaseMs: number;
  /** Who holds the runs that are created here: no other process or opening has the same. */
  readonly owner: string;
}

export class Writer {
  readonly #database: Database;
  readonly #options: WriterOptions;
  readonly #text: string;
  readonly #waiting: Wish[] = [];
  #writing: Promise<void> | undefined;

  constructor(database: Database, options: WriterOptions) {
    this.#database = database;
    this.#options = options;
    this.#text = statementFor(database.schema);
  }

  /** @throws RegattaError `journal/*`, `postgres/*` */
  async change(change: Change): Promise<Changed> {
    return await new Promise<Changed>((resolve, reject) => {
      this.#waiting.push({ change, resolve, reject });
      // Not at once: what the same turn of the event loop asks for goes into the same statement.
      this.#writing ??= new Promise<void>((next) => setImmediate(next)).then(() => this.#drain());
    });
  }

  /** Waits for what is under way. */
  async idle(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#commit(takeBatch(this.#waiting));
    this.#writing = undefined;
  }

  async #commit(items: readonly Item[]): Promise<void> {
    try {
      const result = await this.#database.query(
        { text: this.#text, name: `regatta-write-${this.#database.schema}` },
        valuesOf(items, this.#options),
      );
      await this.#settle(items, result);
    } catch (error) {
      // One run's wrong value is not the others' fault: each is tried by itself.
      if (items.length > 1 && !isRegattaError(error)) for (const item of items) await this.#commit([item]);
      else for (const { reject } of items.flatMap(({ wishes }) => wishes)) reject(toFailure(error));
    }
  }

  async #settle(items: readonly Item[], { rows, isRetry }: Result): Promise<void> {
    const [row] = rows;
    const done = new Set((row?.done ?? []) as readonly number[]); // the statement gives arrays of numbers
    const known = new Set((row?.known ?? []) as readonly number[]);
    let ordinal = 0;
    for (const [index, item] of items.entries()) {
      const isDone = done.has(index + 1) || (isRetry && (await this.#isOurs(item)));
      const refusal = isDone ? undefined : await this.#refusal(item);
      for (const wish of item.wishes) {
        const values: Json[] = [];
        const isFirst: boolean[] = [];
        for (const record of wish.change.records) {
          ordinal++;
          const earlier = known.has(ordinal) ? await this.#earlier(item, record, isRetry) : undefined;
          values.push(earlier?.value ?? record.value);
          isFirst.push(earlier?.isOurs ?? true);
        }
        if (refusal === undefined) wish.resolve({ values, isFirst });
        else wish.reject(refusal);
      }
    }
  }

  /** A creation that is told to have come second, after a first try of which nothing was heard. */
  async #isOurs({ runId, create }: Item): Promise<boolean> {
    if (create === undefined) return false;
    const row = await this.#run(runId);
    return row?.owner === this.#options.owner && row.record === JSON.stringify(create);
  }

  /** What is there under a key already: ours, where an earlier try of the same statement wrote it. */
  async #earlier(
    { runId }: Item,
    { key, text }: RecordText,
    isRetry: boolean,
  ): Promise<{ readonly value: Json; readonly isOurs: boolean }> {
    const { schema } = this.#database;
    const { rows } = await this.#database.query(
      {
        text: `SELECT value FROM ${schema}.records WHERE run = (SELECT n FROM ${schema}.runs WHERE id = $1) AND key = $2`,
      },
      [runId, key],
    );
    const found = String(rows[0]?.value ?? text);
    return { value: JSON.parse(found), isOurs: isRetry && found === text };
  }

  async #refusal({ runId, create, epoch }: Item): Promise<RegattaError> {
    if (create !== undefined) {
      const message = `The journal has a run "${runId}" already. Resume it, or start one with another id.`;
      return new RegattaError('journal/run-exists', message, { runId });
    }
    if (epoch === null || (await this.#run(runId)) === undefined) return unknownRun(runId);
    const message = `Run "${runId}" was taken over by somebody else, so epoch ${epoch} writes nothing more. Leave it to its new holder.`;
    return new RegattaError('journal/lost', message, { runId, epoch });
  }

  async #run(runId: string): Promise<Row | undefined> {
    const text = `SELECT owner, record FROM ${this.#database.schema}.runs WHERE id = $1`;
    return (await this.#database.query({ text }, [runId])).rows[0];
  }
}

export function unknownRun(runId: string): RegattaError {
  const message = `The journal has no run "${runId}". Correct the id, or look at the list of its runs.`;
  return new RegattaError('journal/unknown-run', message, { runId });
}

export function toFailure(error: unknown): RegattaError {
  if (isRegattaError(error)) return error;
  const reason = messageOf(error).replace(/[.!?]?$/, '.');
  const message = `The PostgreSQL journal cannot be used: ${reason} Look at the server's log, or use another schema.`;
  return new RegattaError('journal/failed', message, { file: null }, { cause: error });
}

/**
 * Holds are checked by the update that also shows a sign of life: whoever has an older epoch matches
 * nothing, and so writes nothing. An update waits for another one of the same run, then looks again.
 */
function statementFor(schema: string): string {
  return `
WITH item AS (
  SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[])
    WITH ORDINALITY AS t (id, epoch, name, record, status, ending, ix)),
made AS (
  INSERT INTO ${schema}.runs (id, name, status, epoch, owner, lease_until, updated_at, record)
  SELECT id, name, 'running', 1, $10, clock_timestamp() + $11::float8 * interval '1 ms', clock_timestamp(), record
  FROM item WHERE record IS NOT NULL ORDER BY ix
  ON CONFLICT (id) DO NOTHING RETURNING id, n),
held AS (
  UPDATE ${schema}.runs r SET
    updated_at = clock_timestamp(),
    lease_until = CASE WHEN i.epoch IS NULL THEN r.lease_until ELSE clock_timestamp() + $11::float8 * interval '1 ms' END,
    status = coalesce(i.status, r.status),
    ending = coalesce(i.ending, r.ending),
    owner = CASE WHEN i.status IS NULL THEN r.owner END
  FROM item i WHERE r.id = i.id AND i.record IS NULL AND (i.epoch IS NULL OR r.epoch = i.epoch)
  RETURNING r.id, r.n),
run AS (
  SELECT i.ix, h.n FROM item i JOIN (TABLE made UNION ALL TABLE held) h USING (id)),
wish AS (
  SELECT t.ord, run.n, t.key, t.value
  FROM unnest($7::int[], $8::text[], $9::text[]) WITH ORDINALITY AS t (ix, key, value, ord)
  JOIN run USING (ix)),
kept AS (
  INSERT INTO ${schema}.records (run, key, value)
  SELECT n, key, value FROM wish ORDER BY ord
  ON CONFLICT DO NOTHING RETURNING run, key),
told AS (
  INSERT INTO ${schema}.events (run, key, event)
  SELECT run.n, t.key, t.event
  FROM unnest($12::int[], $13::text[], $14::text[]) WITH ORDINALITY AS t (ix, key, event, ord)
  JOIN run USING (ix) ORDER BY t.ord
  ON CONFLICT DO NOTHING),
posted AS (
  INSERT INTO ${schema}.outbox AS o (handler, run)
  SELECT h.name, run.n FROM ${schema}.handlers h CROSS JOIN run WHERE run.ix = ANY ($12::int[])
  ON CONFLICT (handler, run) DO UPDATE SET version = o.version + 1, is_open = true),
paid AS (
  DELETE FROM ${schema}.reservations r
  USING unnest($16::int[], $17::text[], $18::bigint[], $19::bigint[]) AS t (ix, key, tokens, nano_usd)
    JOIN run USING (ix) JOIN item i USING (ix)
  WHERE r.run = i.id AND r.key = t.key
  RETURNING r.budget, t.tokens - r.tokens AS tokens, t.nano_usd - r.nano_usd AS nano_usd),
booked AS (
  UPDATE ${schema}.budgets b SET tokens = b.tokens + d.tokens, nano_usd = b.nano_usd + d.nano_usd
  FROM (SELECT budget, sum(tokens) AS tokens, sum(nano_usd) AS nano_usd FROM paid GROUP BY budget ORDER BY budget) d
  WHERE b.name = d.budget)
SELECT
  (SELECT pg_notify('${schema}', $15) WHERE $15 <> ''),
  (SELECT array_agg(ix::int) FROM run) AS done,
  (SELECT array_agg(ord::int) FROM wish w
    WHERE NOT EXISTS (SELECT FROM kept k WHERE k.run = w.n AND k.key = w.key)) AS known`;
}

/** PostgreSQL's limit for one is 8000 bytes; runs have ids of 36. */
const MAX_PAYLOAD_CHARS = 7_000;
/** To whoever listens: look yourself. */
export const ANY_RUN = '*';

/** The runs of which there is news. */
function toPayload(runIds: ReadonlySet<string>): string {
  const payload = [...runIds].join(',');
  return payload.length > MAX_PAYLOAD_CHARS || payload.includes(ANY_RUN) ? ANY_RUN : payload;
}

function valuesOf(items: readonly Item[], { owner, leaseMs }: WriterOptions): readonly unknown[] {
  const places: number[] = [];
  const keys: string[] = [];
  const texts: string[] = [];
  const events: { readonly place: number; readonly key: string; readonly text: string }[] = [];
  const news = new Set<string>();
  const settled: (Settled & { readonly place: number })[] = [];
  for (const [index, { runId, wishes, ending }] of items.entries()) {
    if (ending !== undefined) news.add(runId);
    for (const { change } of wishes) {
      if (change.settled !== undefined) settled.push({ ...change.settled, place: index + 1 });
      for (const event of change.events ?? []) {
        events.push({ ...event, place: index + 1 });
        news.add(runId);
      }
      for (const { key, text } of change.records) {
        places.push(index + 1);
        keys.push(key);
        texts.push(text);
      }
    }
  }
  return [
    items.map(({ runId }) => runId),
    items.map(({ epoch }) => epoch),
    items.map(({ create }) => create?.name.replaceAll('\0', '') ?? null),
    items.map(({ create }) => (create === undefined ? null : JSON.stringify(create))),
    items.map(({ ending }) => ending?.status ?? null),
    items.map(({ ending }) => ending?.text ?? null),
    places,
    keys,
    texts,
    owner,
    leaseMs,
    events.map(({ place }) => place),
    events.map(({ key }) => key),
    events.map(({ text }) => text),
    toPayload(news),
    settled.map(({ place }) => place),
    settled.map(({ key }) => key),
    settled.map(({ tokens }) => tokens),
    settled.map(({ nanoUsd }) => nanoUsd),
  ];
}

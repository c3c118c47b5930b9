/**
 * Budgets over many workers: what a call may need is reserved in one statement before it is made, so
 * that however many ask at once, never more is reserved and spent together than the budget has.
 */
import { RegattaError } from '../base/errors.ts';
import type { Row } from './postgres-connection.ts';
import type { Database } from './postgres-database.ts';

/** What is shared by all runs of a tenant, or by all. Absent = no limit. */
export interface SharedBudget {
  readonly usd?: number;
  readonly tokens?: number;
  readonly calls?: number;
}

export interface BudgetState extends SharedBudget {
  /** The tenant; `*` = all. */
  readonly name: string;
  /** Spent, and reserved by calls under way. */
  readonly used: { readonly usd: number; readonly tokens: number; readonly calls: number };
}

/** What one attempt may need, of each budget. */
export interface Claim {
  readonly runId: string;
  /** The attempt's record. */
  readonly key: string;
  readonly budgets: readonly string[];
  readonly model: string;
  readonly tokens: number;
  /** Null = the model's price is not known. */
  readonly costNanoUsd: number | null;
}

interface Wish {
  readonly claim: Claim;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const NANO = 1e9;
const MAX_AT_ONCE = 500;

export class Budgets {
  readonly #database: Database;
  #waiting: Wish[] = [];
  #working: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Sets what `name` may spend in all; what it has spent stays. Null takes the budget away. */
  async set(name: string, budget: SharedBudget | null): Promise<void> {
    const { schema: s } = this.#database;
    if (budget === null) {
      await this.#rows(`DELETE FROM ${s}.budgets WHERE name = $1`, [name]);
      return;
    }
    const { usd, tokens, calls } = budget;
    await this.#rows(
      `INSERT INTO ${s}.budgets (name, max_nano_usd, max_tokens, max_calls) VALUES ($1, $2, $3, $4)
       ON CONFLICT (name) DO UPDATE SET max_nano_usd = excluded.max_nano_usd,
         max_tokens = excluded.max_tokens, max_calls = excluded.max_calls`,
      [name, usd === undefined ? null : Math.round(usd * NANO), tokens ?? null, calls ?? null],
    );
  }

  async list(): Promise<readonly BudgetState[]> {
    const rows = await this.#rows(`SELECT * FROM ${this.#database.schema}.budgets ORDER BY name`);
    return rows.map((row) => ({
      name: String(row.name),
      ...(row.max_nano_usd === null ? {} : { usd: Number(row.max_nano_usd) / NANO }),
      ...(row.max_tokens === null ? {} : { tokens: Number(row.max_tokens) }),
      ...(row.max_calls === null ? {} : { calls: Number(row.max_calls) }),
      used: { usd: Number(row.nano_usd) / NANO, tokens: Number(row.tokens), calls: Number(row.calls) },
    }));
  }

  /** Those of `names` that there are. */
  async known(names: readonly string[]): Promise<readonly string[]> {
    const rows = await this.#rows(
      `SELECT name FROM ${this.#database.schema}.budgets WHERE name = ANY ($1::text[])`,
      [names],
    );
    return rows.map(({ name }) => String(name));
  }

  /**
   * Reserves, from all of the claim's budgets or from none. What waits at the same time is one statement.
   *
   * @throws RegattaError `budget/exceeded`, `budget/unpriced`
   */
  async reserve(claim: Claim): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ claim, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  /** Gives back what a run has reserved and not settled: it has ended. */
  async release(runId: string): Promise<void> {
    const { schema: s } = this.#database;
    await this.#rows(
      `WITH gone AS (DELETE FROM ${s}.reservations WHERE run = $1 RETURNING budget, tokens, nano_usd)
       UPDATE ${s}.budgets b SET calls = b.calls - d.calls, tokens = b.tokens - d.tokens, nano_usd = b.nano_usd - d.nano_usd
       FROM (SELECT budget, count(*) AS calls, sum(tokens) AS tokens, sum(nano_usd) AS nano_usd FROM gone GROUP BY budget) d
       WHERE b.name = d.budget`,
      [runId],
    );
  }

  async #work(): Promise<void> {
    await new Promise<void>((next) => setImmediate(next)); // what the same turn asks for goes along
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_AT_ONCE);
      const refused = await this.#send(batch);
      // Behind one that did not fit, others were counted as if it had: each is asked once more by itself.
      for (const wish of refused)
        for (const last of await this.#send([wish])) last.reject(await this.#refusal(last.claim));
    }
    this.#working = undefined;
  }

  /** Gives those that did not fit. */
  async #send(batch: readonly Wish[]): Promise<readonly Wish[]> {
    const parts = batch.flatMap(({ claim }, index) =>
      claim.budgets.map((budget) => ({ budget, claim, index })),
    );
    try {
      const rows = await this.#rows(reserveText(this.#database.schema), [
        parts.map(({ index }) => index),
        parts.map(({ claim }) => claim.runId),
        parts.map(({ claim }) => claim.key),
        parts.map(({ budget }) => budget),
        parts.map(({ claim }) => claim.tokens),
        parts.map(({ claim }) => claim.costNanoUsd),
      ]);
      const refused = new Set(rows.map(({ ix }) => Number(ix)));
      for (const [index, { resolve }] of batch.entries()) if (!refused.has(index)) resolve();
      return batch.filter((_, index) => refused.has(index));
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return [];
    }
  }

  async #refusal({ budgets, model, tokens, costNanoUsd }: Claim): Promise<RegattaError> {
    const states = (await this.list()).filter(({ name }) => budgets.includes(name));
    for (const { name, used, ...max } of states) {
      const owner = name === ALL ? 'all tenants' : `tenant "${name}"`;
      if (max.usd !== undefined && costNanoUsd === null) return unpriced(owner, model);
      const asked = { calls: 1, tokens, usd: (costNanoUsd ?? 0) / NANO };
      for (const limit of ['calls', 'tokens', 'usd'] as const) {
        const bound = max[limit];
        if (bound === undefined || used[limit] + asked[limit] <= bound) continue;
        const message = `The budget of ${owner} allows ${bound} ${limit}: ${used[limit]} are spent or reserved, and a call of ${model} may need ${asked[limit]}. Raise it with engine.setBudget.`;
        return new RegattaError('budget/exceeded', message, {
          ...{ owner, limit, max: bound, used: used[limit], asked: asked[limit] },
        });
      }
    }
    // It was raised, or others' calls were settled, between the refusal and this look.
    const message = `A budget of ${budgets.join(', ')} had no room for a call of ${model}. Try again.`;
    return new RegattaError('budget/exceeded', message, {
      owner: 'shared',
      limit: 'calls',
      max: 0,
      used: 0,
      asked: 1,
    });
  }

  async #rows(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.#database.query({ text }, values)).rows;
  }
}

/** The budget that every run is charged to. */
export const ALL = '*';

function unpriced(owner: string, model: string): RegattaError {
  const message = `The budget of ${owner} is in USD, and no price of ${model} is known. Give the model a price, or limit tokens or calls.`;
  return new RegattaError('budget/unpriced', message, { owner, model });
}

/**
 * The budgets' rows are locked in one order, and then say what is true now: whoever comes second waits,
 * and counts what the first one took. Gives the claims that do not fit.
 */
function reserveText(s: string): string {
  return `
WITH want AS (
  SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
    WITH ORDINALITY AS t (ix, run, key, budget, tokens, nano_usd, ord)),
held AS (
  SELECT * FROM ${s}.budgets WHERE name IN (SELECT budget FROM want) ORDER BY name FOR UPDATE),
fit AS (
  SELECT w.ix, w.run, w.key, w.budget, w.tokens, coalesce(w.nano_usd, 0) AS nano_usd,
    coalesce(h.calls + count(*) OVER soFar <= h.max_calls, true)
    AND coalesce(h.tokens + sum(w.tokens) OVER soFar <= h.max_tokens, true)
    AND (h.max_nano_usd IS NULL
      OR coalesce(h.nano_usd + sum(w.nano_usd) OVER soFar <= h.max_nano_usd AND w.nano_usd IS NOT NULL, false)) AS does
  FROM want w JOIN held h ON h.name = w.budget
  WINDOW soFar AS (PARTITION BY w.budget ORDER BY w.ord)),
verdict AS (SELECT ix, bool_and(does) AS does FROM fit GROUP BY ix),
made AS (
  INSERT INTO ${s}.reservations (run, key, budget, tokens, nano_usd)
  SELECT run, key, budget, tokens, nano_usd FROM fit JOIN verdict v USING (ix) WHERE v.does
  ON CONFLICT DO NOTHING RETURNING budget, tokens, nano_usd),
spent AS (
  UPDATE ${s}.budgets b SET calls = b.calls + d.calls, tokens = b.tokens + d.tokens, nano_usd = b.nano_usd + d.nano_usd
  FROM (SELECT budget, count(*) AS calls, sum(tokens) AS tokens, sum(nano_usd) AS nano_usd FROM made GROUP BY budget) d
  WHERE b.name = d.budget)
SELECT ix FROM verdict WHERE NOT does`;
}

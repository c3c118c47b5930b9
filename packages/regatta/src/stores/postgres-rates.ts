/** Requests and tokens a minute over many workers. A process that knows of no rate sends nothing for a call. */
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Limiter, RateLimits } from '../ports/limiter.ts';
import type { Settle } from '../ports/meter.ts';
import { tokensOf } from '../protocol/usage.ts';
import type { Row } from './postgres-connection.ts';
import type { Database } from './postgres-database.ts';
import { type Begun, RateLane } from './postgres-rate-lane.ts';
import { giveBackText } from './postgres-rate-text.ts';

/** What a rate is about. */
export interface RateName {
  /** `provider/model`, `provider/*`, or `*` for all. */
  readonly model: string;
  /** Null = the runs of all tenants together. */
  readonly tenant: string | null;
}

export interface RateState extends RateName, RateLimits {
  /** What began in the last minute. */
  readonly used: { readonly requests: number; readonly tokens: number };
}

interface KnownRate extends RateName {
  readonly n: string;
}

/** What is to be taken out of a rate's log again. */
interface Back {
  readonly rates: readonly string[];
  readonly at: number;
  readonly requests: number;
  readonly tokens: number;
}

const UNLIMITED: Settle = () => undefined;

export class Rates {
  readonly #database: Database;
  readonly #clock: Clock;
  /** Of this process, among the lanes of all. */
  readonly #id = randomUUID();
  #known: readonly KnownRate[] = [];
  /** By the rates that they are held to: as many as there are sets of them, whatever is asked. */
  readonly #lanes = new Map<string, RateLane>();
  #backs: Back[] = [];
  #givingBack: Promise<void> | undefined;

  constructor(database: Database, clock: Clock = systemClock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Sets a rate; what began in the last minute stays. Null takes it away. */
  async set({ model, tenant }: RateName, limits: RateLimits | null): Promise<void> {
    const { schema: s } = this.#database;
    const name = [model, tenant ?? ''];
    if (limits === null) {
      await this.#rows(`DELETE FROM ${s}.rates WHERE model = $1 AND tenant = $2`, name);
      return;
    }
    const { requestsPerMinute = null, tokensPerMinute = null } = limits;
    await this.#rows(
      `INSERT INTO ${s}.rates (model, tenant, max_requests, max_tokens) VALUES ($1, $2, $3, $4)
       ON CONFLICT (model, tenant) DO UPDATE SET max_requests = excluded.max_requests, max_tokens = excluded.max_tokens`,
      [...name, requestsPerMinute, tokensPerMinute],
    );
  }

  async list(): Promise<readonly RateState[]> {
    const rows = await this.#rows(
      `SELECT r.*, coalesce(sum(u.requests), 0) AS used_requests, coalesce(sum(u.tokens), 0) AS used_tokens
       FROM ${this.#database.schema}.rates r LEFT JOIN LATERAL unnest(r.at, r.requests, r.tokens) AS u (at, requests, tokens)
         ON u.at > extract(epoch FROM clock_timestamp()) - 61
       GROUP BY r.n ORDER BY r.model, r.tenant`,
    );
    return rows.map((row) => ({
      ...toName(row),
      ...(row.max_requests === null ? {} : { requestsPerMinute: Number(row.max_requests) }),
      ...(row.max_tokens === null ? {} : { tokensPerMinute: Number(row.max_tokens) }),
      used: { requests: Number(row.used_requests), tokens: Number(row.used_tokens) },
    }));
  }

  /** Looks which rates there are. Calls that ask from now on are held to them. */
  async refresh(): Promise<void> {
    const rows = await this.#rows(`SELECT n, model, tenant FROM ${this.#database.schema}.rates ORDER BY n`);
    this.#known = rows.map((row) => ({ ...toName(row), n: String(row.n) }));
  }

  /** For the runs of one tenant. */
  limiterOf(tenant: string | null): Limiter {
    return {
      acquire: async ({ model, estimate }, signal) => {
        const rates = this.#known.filter((rate) => isAbout(rate, model, tenant));
        if (rates.length === 0) return UNLIMITED;
        const numbers = rates.map(({ n }) => n);
        const begun = await this.#laneOf(numbers).begin(Math.ceil(estimate().tokens), signal);
        return (used) => this.#settle(numbers, begun, used === null ? null : Math.ceil(tokensOf(used.usage)));
      },
    };
  }

  /** Calls that wait here for room. */
  get waiting(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.waiting, 0);
  }

  /** Milliseconds that calls have waited here for room, in all. */
  get waitedMs(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.waitedMs, 0);
  }

  #laneOf(rates: readonly string[]): RateLane {
    const key = rates.join(' ');
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      const giveBack = (begun: Begun): void => this.#settle(rates, begun, null);
      lane = new RateLane(this.#database, this.#clock, { rates, name: `${this.#id} ${key}`, giveBack });
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  /** What an attempt took, or null for one that was not made. */
  #settle(rates: readonly string[], { at, tokens }: Begun, used: number | null): void {
    const back = { rates, at, requests: used === null ? 1 : 0, tokens: tokens - (used ?? 0) };
    if (back.requests === 0 && back.tokens === 0) return;
    this.#backs.push(back);
    this.#givingBack ??= this.#giveBack();
  }

  async #giveBack(): Promise<void> {
    await new Promise<void>((next) => setImmediate(next)); // what the same turn settles goes along
    while (this.#backs.length > 0) {
      const rows = this.#backs.splice(0).flatMap(({ rates, ...back }) => rates.map((n) => ({ n, ...back })));
      const values = [
        rows.map(({ n }) => n),
        rows.map(({ at }) => at),
        rows.map(({ requests }) => requests),
        rows.map(({ tokens }) => tokens),
      ];
      // What does not arrive stays as it was reserved, until its minute is over.
      const statement = { text: giveBackText(this.#database.schema), isOnce: true };
      await this.#database.query(statement, values).catch(() => undefined);
      const freed = new Set(rows.flatMap(({ n, requests, tokens }) => (requests + tokens > 0 ? [n] : [])));
      for (const lane of this.#lanes.values()) if (lane.rates.some((n) => freed.has(n))) lane.wake();
    }
    this.#givingBack = undefined;
  }

  async #rows(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.#database.query({ text }, values)).rows;
  }
}

function toName({ model, tenant }: Row): RateName {
  return { model: String(model), tenant: tenant === '' ? null : String(tenant) };
}

/** A deployment of a router is named behind a `#`: it is its model, too. */
function isAbout(rate: RateName, model: string, tenant: string | null): boolean {
  if (rate.tenant !== null && rate.tenant !== tenant) return false;
  if (rate.model.endsWith('*')) return model.startsWith(rate.model.slice(0, -1));
  return rate.model === model || rate.model === model.replace(/#[^#]*$/, '');
}

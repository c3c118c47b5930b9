/**
 * Calls of this process that are held to the same rates: they wait in one line, and ask in one statement.
 *
 * A minute is a log of 61 seconds in each rate's row, by the database's clock, so that in no 60 seconds more
 * than the limit begins. Lanes of other processes see the row as the one before them has left it.
 */
import { untilAborted } from '../base/abort.ts';
import { type Clock, type Nap, nap } from '../base/clock.ts';
import { RegattaError } from '../base/errors.ts';
import type { Database } from './postgres-database.ts';
import { takeText } from './postgres-rate-text.ts';

export interface Begun {
  /** The second of the database's clock in which it began: there it is in the log. */
  readonly at: number;
  readonly tokens: number;
}

export interface LaneOptions {
  /** Their numbers. */
  readonly rates: readonly string[];
  /** No other lane has the same. */
  readonly name: string;
  /** Takes back what began for somebody who had left. */
  readonly giveBack: (begun: Begun) => void;
}

interface Wish {
  readonly tokens: number;
  readonly sinceMs: number;
  /** Whether a look has found no room. */
  hasWaited: boolean;
  readonly resolve: (begun: Begun) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_AT_ONCE = 500;
/** Milliseconds between two looks of who waits: others' calls may have taken less than they might have needed. */
const LOOK_MS = 1_000;
/**
 * Milliseconds by which a call may overtake an older one of another lane. More than a look, else lanes would
 * wait for each other while there is room. After so long without a look, a lane's place in the line is void.
 */
const PATIENCE_MS = 5_000;

export class RateLane {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #options: LaneOptions;
  #waiting: Wish[] = [];
  #working: Promise<void> | undefined;
  #nap: Nap | undefined;
  /** Whether there was news since the last look began. */
  #hasNews = false;
  #waitedMs = 0;

  constructor(database: Database, clock: Clock, options: LaneOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#options = options;
  }

  get rates(): readonly string[] {
    return this.#options.rates;
  }

  /** Calls that wait here. */
  get waiting(): number {
    return this.#waiting.filter(({ hasWaited }) => hasWaited).length;
  }

  /** Milliseconds that calls have waited here for room, in all. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** @throws RegattaError `limit/too-small`, `postgres/*`; the signal's reason */
  async begin(tokens: number, signal: AbortSignal): Promise<Begun> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Begun>();
    const wish = { tokens, sinceMs: this.#clock.monotonic(), hasWaited: false, resolve, reject };
    this.#waiting.push(wish);
    this.#working ??= this.#work();
    try {
      return await untilAborted(promise, signal);
    } catch (error) {
      promise.then(this.#options.giveBack, () => undefined); // a look that is under way may grant it
      const wasNext = this.#waiting[0] === wish;
      this.#leave([wish]);
      if (wasNext) this.wake(); // whoever is behind may need less
      throw error;
    } finally {
      if (wish.hasWaited) this.#waitedMs += this.#clock.monotonic() - wish.sinceMs;
    }
  }

  /** Who waits looks again: there may be room. */
  wake(): void {
    this.#hasNews = true;
    this.#nap?.wake();
  }

  async #work(): Promise<void> {
    await new Promise<void>((next) => setImmediate(next)); // what the same turn asks for goes along
    let isInLine = false;
    while (isInLine || this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MAX_AT_ONCE);
      isInLine = await this.#serve(batch).catch((error: unknown) => {
        for (const wish of batch) this.#refuse(wish, error);
        return false; // its place is void soon
      });
    }
    this.#working = undefined;
  }

  /** One look, and the pause until the next one. Gives whether a place in the line is kept. */
  async #serve(batch: readonly Wish[]): Promise<boolean> {
    this.#hasNews = false; // before the look: what comes during it means another one
    const { count, at, waitMs, maxTokens } = await this.#look(batch);
    const begun = batch.slice(0, count);
    this.#leave(begun);
    for (const { resolve, tokens } of begun) resolve({ at, tokens });
    const rest = batch.slice(count);
    for (const wish of rest) wish.hasWaited = true;
    const [next] = rest;
    if (next === undefined) return false;
    if (next.tokens > maxTokens) {
      this.#refuse(next, tooSmall(maxTokens, next.tokens));
    } else if (!this.#hasNews) {
      this.#nap = nap(this.#clock, Math.min(waitMs, LOOK_MS));
      await this.#nap.over;
    }
    return true;
  }

  /** Takes for as many of `batch` as there is room, in its order; for none of it leaves the line. */
  async #look(batch: readonly Wish[]): Promise<Look> {
    const { schema } = this.#database;
    const { rates, name } = this.#options;
    const now = this.#clock.monotonic();
    const tokens = batch.map((wish) => wish.tokens);
    const ages = batch.map(({ sinceMs }) => now - sinceMs);
    const statement = { text: takeText(schema, PATIENCE_MS), name: `regatta-rates-${schema}` };
    const { rows } = await this.#database.query(statement, [rates, name, tokens, ages]);
    const [row] = rows;
    return {
      count: Number(row?.count),
      at: Number(row?.at),
      waitMs: Number(row?.wait_ms ?? LOOK_MS),
      maxTokens: Number(row?.max_tokens ?? Number.POSITIVE_INFINITY),
    };
  }

  #refuse(wish: Wish, error: unknown): void {
    this.#leave([wish]);
    wish.reject(error);
  }

  #leave(wishes: readonly Wish[]): void {
    const gone = new Set(wishes);
    this.#waiting = this.#waiting.filter((wish) => !gone.has(wish));
  }
}

interface Look {
  readonly count: number;
  readonly at: number;
  /** Until the next one fits, if nobody takes less than he might need. */
  readonly waitMs: number;
  /** Of the narrowest rate. */
  readonly maxTokens: number;
}

function tooSmall(tokensPerMinute: number, asked: number): RegattaError {
  const owner = 'workers';
  const message = `A call may need ${asked} tokens, and a rate of the workers allows ${tokensPerMinute} a minute. Raise it with engine.setRate, or lower the LLM's maxTokens.`;
  return new RegattaError('limit/too-small', message, { owner, tokensPerMinute, asked });
}

/**
 * Requests and tokens per minute, in one process. Whoever comes first goes first; waiting is abortable,
 * and an idle limiter has no timer.
 *
 * A log of the last minute, exact: in no interval of 60 seconds does more than the limit begin.
 * (GCRA with a burst of the limit lets almost twice as much through across a window's edge.)
 */
import { untilAborted } from '../base/abort.ts';
import { type Clock, type Nap, nap } from '../base/clock.ts';
import { RegattaError } from '../base/errors.ts';
import type { Limiter, RateLimits } from '../ports/limiter.ts';
import type { Attempt, Settle } from '../ports/meter.ts';
import { tokensOf } from '../protocol/usage.ts';

const WINDOW_MS = 60_000;

interface Use {
  readonly at: number;
  /** What it may need, then what it took. */
  tokens: number;
}

export class RateLimiter implements Limiter {
  readonly #owner: string;
  readonly #requests: number;
  readonly #tokens: number;
  readonly #clock: Clock;
  #log: Use[] = [];
  /** Settles when whoever came before has gone. */
  #turn: Promise<void> = Promise.resolve();
  /** Of whoever's turn it is. */
  #nap: Nap | undefined;

  constructor(owner: string, { requestsPerMinute, tokensPerMinute }: RateLimits, clock: Clock) {
    this.#owner = owner;
    this.#requests = requestsPerMinute ?? Number.POSITIVE_INFINITY;
    this.#tokens = tokensPerMinute ?? Number.POSITIVE_INFINITY;
    this.#clock = clock;
  }

  async acquire({ estimate }: Pick<Attempt, 'estimate'>, signal: AbortSignal): Promise<Settle> {
    const tokens = this.#tokens === Number.POSITIVE_INFINITY ? 0 : estimate().tokens;
    if (tokens > this.#tokens) throw tooSmall(this.#owner, this.#tokens, tokens);
    const before = this.#turn;
    const { promise, resolve: pass } = Promise.withResolvers<void>();
    this.#turn = promise;
    try {
      await untilAborted(before, signal);
      while (true) {
        signal.throwIfAborted();
        const waitMs = this.#waitMs(tokens);
        if (waitMs === 0) break;
        this.#nap = nap(this.#clock, waitMs);
        await untilAborted(this.#nap.over, signal);
      }
      const use = { at: this.#clock.monotonic(), tokens };
      this.#log.push(use);
      return (used) => this.#settle(use, used);
    } finally {
      this.#nap?.wake();
      void before.then(pass); // also when it gave up: who comes next must not wait for somebody who has left
    }
  }

  /** Milliseconds until `tokens` more fit in the last minute; 0 = now. */
  #waitMs(tokens: number): number {
    const now = this.#clock.monotonic();
    this.#log = this.#log.filter(({ at }) => at > now - WINDOW_MS);
    let requests = this.#log.length;
    let used = this.#log.reduce((sum, use) => sum + use.tokens, 0);
    if (requests < this.#requests && used + tokens <= this.#tokens) return 0;
    for (const use of this.#log) {
      requests--;
      used -= use.tokens;
      if (requests < this.#requests && used + tokens <= this.#tokens) return use.at + WINDOW_MS - now;
    }
    return WINDOW_MS; // not reached: an empty log has room for what `acquire` let in
  }

  #settle(use: Use, used: Parameters<Settle>[0]): void {
    if (used === null) this.#log = this.#log.filter((one) => one !== use);
    else use.tokens = tokensOf(used.usage);
    this.#nap?.wake(); // there may be room now
  }
}

function tooSmall(owner: string, tokensPerMinute: number, asked: number): RegattaError {
  return new RegattaError(
    'limit/too-small',
    `A call may need ${asked} tokens, and the ${owner}'s limit is ${tokensPerMinute} a minute. Raise tokensPerMinute, or lower the LLM's maxTokens.`,
    { owner, tokensPerMinute, asked },
  );
}

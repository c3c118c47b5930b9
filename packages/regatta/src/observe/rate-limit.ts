/**
 * Requests and tokens per minute. Whoever comes first goes first; waiting is abortable, and an idle
 * limiter has no timer.
 *
 * A log of the last minute, exact: in no interval of 60 seconds does more than the limit begin.
 * (GCRA with a burst of the limit lets almost twice as much through across a window's edge.)
 */
import { untilAborted } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { RegattaError } from '../base/errors.ts';

export interface RateLimits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
}

const WINDOW_MS = 60_000;

interface Use {
  readonly at: number;
  readonly tokens: number;
}

export class RateLimiter {
  readonly #owner: string;
  readonly #requests: number;
  readonly #tokens: number;
  readonly #clock: Clock;
  #log: Use[] = [];
  /** Settles when whoever came before has gone. */
  #turn: Promise<void> = Promise.resolve();

  constructor(owner: string, { requestsPerMinute, tokensPerMinute }: RateLimits, clock: Clock) {
    this.#owner = owner;
    this.#requests = requestsPerMinute ?? Number.POSITIVE_INFINITY;
    this.#tokens = tokensPerMinute ?? Number.POSITIVE_INFINITY;
    this.#clock = clock;
  }

  /**
   * Waits until a request of `tokens` may begin.
   * @throws RegattaError `limit/too-small` for one that never may; the signal's reason.
   */
  async acquire(tokens: number, signal: AbortSignal): Promise<void> {
    if (tokens > this.#tokens) throw this.#tooSmall(tokens);
    const before = this.#turn;
    const { promise, resolve: pass } = Promise.withResolvers<void>();
    this.#turn = promise;
    try {
      await untilAborted(before, signal);
      while (true) {
        signal.throwIfAborted();
        const waitMs = this.#waitMs(tokens);
        if (waitMs === 0) break;
        await this.#clock.sleep(waitMs, signal);
      }
      this.#log.push({ at: this.#clock.monotonic(), tokens });
    } finally {
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

  #tooSmall(asked: number): RegattaError {
    const owner = this.#owner;
    const tokensPerMinute = this.#tokens;
    return new RegattaError(
      'limit/too-small',
      `A call may need ${asked} tokens, and the ${owner}'s limit is ${tokensPerMinute} a minute. Raise tokensPerMinute, or lower the LLM's maxTokens.`,
      { owner, tokensPerMinute, asked },
    );
  }
}

/** Stops calling what keeps failing, and tries again after a while. */
import type { Clock } from './clock.ts';

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly breakAfter: number;
  /** Milliseconds that it stays open. Then one call is let through: its outcome closes or reopens it. */
  readonly breakMs: number;
  readonly clock: Clock;
}

export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #openUntil = 0;
  /** The one call that is let through after `breakMs` is under way. */
  #isTrying = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Whether a call may be made now. Whoever makes it says how it ended: `succeed`, `fail` or `release`. */
  allows(): boolean {
    const { breakAfter, clock } = this.#options;
    if (this.#failures < breakAfter) return true;
    if (this.#isTrying || clock.monotonic() < this.#openUntil) return false;
    this.#isTrying = true;
    return true;
  }

  /** Milliseconds until a call may be made again; 0 when that depends on one that is under way. */
  get waitMs(): number {
    return Math.max(0, Math.ceil(this.#openUntil - this.#options.clock.monotonic()));
  }

  succeed(): void {
    this.#failures = 0;
    this.#isTrying = false;
  }

  fail(): void {
    const { breakAfter, breakMs, clock } = this.#options;
    if (++this.#failures >= breakAfter) this.#openUntil = clock.monotonic() + breakMs;
    this.#isTrying = false;
  }

  /** A call that was let through has told nothing: it was given up before it ended. */
  release(): void {
    this.#isTrying = false;
  }
}

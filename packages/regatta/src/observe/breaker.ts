/** Stops calling what keeps failing, and tries again after a while. */
import type { Clock } from '../base/clock.ts';

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

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Whether a call may be made now. */
  allows(): boolean {
    const { breakAfter, clock } = this.#options;
    return this.#failures < breakAfter || clock.monotonic() >= this.#openUntil;
  }

  succeed(): void {
    this.#failures = 0;
  }

  fail(): void {
    const { breakAfter, breakMs, clock } = this.#options;
    if (++this.#failures >= breakAfter) this.#openUntil = clock.monotonic() + breakMs;
  }
}

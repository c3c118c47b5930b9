/** The ledger of a run on another thread: the host decides and counts, and this copy knows the totals. */
import type { Attempt, Meter, Reservation } from '../ports/meter.ts';
import type { Span } from '../ports/span.ts';
import type { UsageReport } from '../protocol/usage.ts';
import type { HostLink } from './host-link.ts';

export class RemoteMeter implements Meter {
  readonly #link: HostLink;
  readonly #span: Span;
  /** Of the same run, without limits. */
  readonly #copy: Meter;

  constructor(link: HostLink, span: Span, copy: Meter) {
    this.#link = link;
    this.#span = span;
    this.#copy = copy;
  }

  async reserve({ estimate, ...attempt }: Attempt, signal: AbortSignal): Promise<Reservation> {
    const ask = { kind: 'reserve', attempt, estimate: estimate() } as const;
    const { call } = await this.#link.ask({ span: this.#span, ask, signal });
    const copy = await this.#copy.reserve({ ...attempt, estimate }, signal);
    return {
      settle: (settlement) => {
        copy.settle(settlement);
        this.#link.settle(call, settlement);
      },
    };
  }

  report(): UsageReport {
    return this.#copy.report();
  }
}

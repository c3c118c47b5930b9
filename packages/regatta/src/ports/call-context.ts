/** What a call of the outside is given: where it stands in its run, and what ends it. */
import type { Clock, Random } from '../base/clock.ts';
import type { Meter } from './meter.ts';
import type { Span } from './span.ts';

export interface CallContext {
  readonly runId: string;
  readonly span: Span;
  readonly signal: AbortSignal;
  /** Whether anybody wants pieces of answers while they are written. */
  readonly wantsDeltas: boolean;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly random: Random;
  /** The same span under a narrower signal. */
  withSignal(signal: AbortSignal): CallContext;
  /**
   * Gives the recorded result of this span's `kind` of work, or does it and records it. Without a
   * journal it just does it. What is recorded must be JSON.
   */
  step<T>(kind: string, work: () => Promise<T>): Promise<T>;
  /** Takes over work that goes on although its caller was freed: it is counted until it settles. */
  readonly orphan: (work: Promise<unknown>) => void;
}

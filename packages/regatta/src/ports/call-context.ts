/** What a call of the outside is given: where it stands in its run, and what ends it. */
import type { Clock, Random } from '../base/clock.ts';
import type { EventBody } from '../protocol/event.ts';
import type { GuardPoint, GuardSubjects } from './guard.ts';
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
  /**
   * Says that something has happened in this span. What is said is heard in that order, at once; await what
   * it gives before going on: it settles when the run may, for observers that are waited for, and so that
   * no run keeps the event loop to itself. Never throws or rejects.
   */
  tell(body: EventBody): Promise<unknown> | undefined;
  /** The same span under a narrower signal. */
  withSignal(signal: AbortSignal): CallContext;
  /**
   * Gives the recorded result of this span's `kind` of work, or does it and records it. Without a
   * journal it just does it. What is recorded must be JSON.
   */
  step<T>(kind: string, work: () => Promise<T>): Promise<T>;
  /**
   * Lets the guards of this span look at what is about to happen, outermost first, and gives what is to
   * be used: the subject itself unless a guard replaced it.
   *
   * @throws RegattaError `guard/denied` or `guard/timeout`; the signal's reason.
   */
  guard<Point extends GuardPoint>(at: Point, subject: GuardSubjects[Point]): Promise<GuardSubjects[Point]>;
  /** Whether any guard of this span stands at `at`: where none does, nothing need be prepared for one. */
  isGuarded(at: GuardPoint): boolean;
  /** Takes over work that goes on although its caller was freed: it is counted until it settles. */
  readonly orphan: (work: Promise<unknown>) => void;
}

/**
 * What crosses between the host and a thread: plain data, in order, by one port.
 *
 * A thread does the work of a run and says what happens. The run itself stays on the host: its
 * sequence, ledger, limits, journal, guards and callbacks. Functions never cross.
 */
import type { Json } from '../../base/json.ts';
import type { GuardPoint, GuardSubjects } from '../../ports/guard.ts';
import type { Attempt, Estimate, Settlement } from '../../ports/meter.ts';
import type { Span } from '../../ports/span.ts';
import type { CrewRef } from '../../protocol/crew-ref.ts';
import type { EventBody } from '../../protocol/event.ts';
import type { InputRequest } from '../../protocol/input.ts';
import type { PortableFacts } from './portable-facts.ts';
import type { WireError } from './wire-error.ts';

/** A run as its thread is told of it. Everything that the thread knows of the runtime comes with it. */
export interface RunOrder {
  readonly runId: string;
  readonly ref: CrewRef;
  readonly inputs: Json;
  /** See `Job.settings`. */
  readonly settings: Json;
  readonly facts: PortableFacts;
  readonly wantsDeltas: boolean;
  readonly isJournaled: boolean;
  readonly startedAtMs: number;
  readonly epoch: number;
  readonly seed: number;
  /** Points that guards of the whole run stand at. */
  readonly guarded: readonly GuardPoint[];
  /** Drafts that the thread may send before it is granted more. */
  readonly credits: number;
}

export type ToThread =
  | { readonly type: 'start'; readonly order: RunOrder }
  /** `count` more drafts may be sent. */
  | { readonly type: 'credit'; readonly runId: string; readonly count: number }
  | { readonly type: 'cancel'; readonly runId: string; readonly reason: WireError }
  /** Nobody listens to the run any more: it need not wait for anything, and only its end is of interest. */
  | { readonly type: 'release'; readonly runId: string }
  | { readonly type: 'answer'; readonly runId: string; readonly call: number; readonly outcome: Outcome }
  /** What the step `call` is about is not recorded: do it, and say what came out. */
  | { readonly type: 'work'; readonly runId: string; readonly call: number }
  | { readonly type: 'ping' };

/** Messages of one run to its thread. */
export type ToRun = Extract<ToThread, { readonly runId: string }>;

export type Outcome =
  | { readonly status: 'done'; readonly value: unknown }
  | { readonly status: 'failed'; readonly error: WireError };

/** A span as it is announced, once, before anything else is said of it. */
export interface SpanNotice {
  readonly span: Omit<Span, 'scope'>;
  /** Addresses of the callbacks that the definition adds, outermost first; see `Job.entries`. */
  readonly entries: readonly string[];
}

/** What a thread asks of the host, which answers once. */
export type Ask =
  | { readonly kind: 'reserve'; readonly attempt: Omit<Attempt, 'estimate'>; readonly estimate: Estimate }
  | { readonly kind: 'guard'; readonly at: GuardPoint; readonly subject: GuardSubjects[GuardPoint] }
  | { readonly kind: 'step'; readonly name: string }
  | { readonly kind: 'input'; readonly request: InputRequest };

/** What a run's thread says of it. */
export type FromRun = { readonly runId: string } & (
  | ({ readonly type: 'span' } & SpanNotice)
  | { readonly type: 'draft'; readonly spanId: string; readonly body: EventBody }
  | { readonly type: 'ask'; readonly call: number; readonly spanId: string; readonly ask: Ask }
  /** Nobody waits for the answer any more, and why. */
  | { readonly type: 'abandon'; readonly call: number; readonly reason: WireError }
  /** The attempt that `call` reserved for is over. */
  | { readonly type: 'settle'; readonly call: number; readonly settlement: Settlement }
  /** What came out of the step that `call` asked for. */
  | { readonly type: 'worked'; readonly call: number; readonly outcome: Outcome }
  /** Work goes on although its caller was freed … */
  | { readonly type: 'orphan' }
  /** … and one such work has settled. */
  | { readonly type: 'orphan.end' }
  /** Something that was to be said cannot be: the run has failed, and its end is still to come. */
  | { readonly type: 'fail'; readonly error: WireError }
  | { readonly type: 'end'; readonly outcome: Outcome }
);

export type FromThread = FromRun | { readonly type: 'pong'; readonly runs: number };

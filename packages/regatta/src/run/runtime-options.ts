/** What a runtime is made with, and what a run is started with. */
import type { Clock, Random } from '../base/clock.ts';
import type { Allowance } from '../observe/allowance.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { OnObserverError } from '../observe/lane.ts';
import type { Cassette } from '../ports/cassette.ts';
import type { DurableEntry } from '../ports/durable.ts';
import type { Engine } from '../ports/engine.ts';
import type { Limiter } from '../ports/limiter.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Env, Providers } from '../ports/provider.ts';
import type { Entry, Scope } from '../ports/scope.ts';
import type { OnDeliveryError } from './deliveries.ts';
import type { JournalInput, JournalsOptions, Past } from './journals.ts';
import type { RunOptions } from './setup.ts';
import type { OnUnheardInput } from './unheard.ts';

export interface CoreOptions extends Allowance, JournalsOptions {
  readonly providers: Providers;
  readonly env: Env;
  readonly engine: Engine;
  /** For what never leaves this thread: single calls of a model. */
  readonly here: Engine;
  /** Opens the engine for runs that ask for OS threads, on first use. */
  readonly openThreads: () => Engine;
  readonly entries: readonly (Entry | DurableEntry)[];
  readonly defaultLlm: LlmDefinition | undefined;
  readonly rehearse: boolean;
  readonly cassette?: Cassette | undefined;
  readonly onObserverError: OnObserverError;
  readonly onUnheardInput: OnUnheardInput;
  readonly onDeliveryError: OnDeliveryError;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface StartOptions extends Partial<RunOptions> {
  /** Of a new run. @default the runtime's */
  readonly journal?: JournalInput | undefined;
  /** Of a run that is forked from another one. */
  readonly past?: Past | undefined;
  /** The definition's, then the run's own. */
  readonly scopes: readonly Scope[];
  /** The definition's budget and limits, shared by all its runs in this runtime. */
  readonly definition?: Allowance | undefined;
  /** The run's own. */
  readonly budget?: BudgetLimits | undefined;
  /** Limits that it shares with runs elsewhere, behind those of runtime and definition. */
  readonly limiters?: readonly Limiter[] | undefined;
  /** `threads` asks for OS threads, `here` for this thread, whatever the runtime's engine is. */
  readonly on?: 'threads' | 'here' | undefined;
}

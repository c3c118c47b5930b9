/** What a run is started with: its runtime's share and its own, every option decided. */
import type { Clock, Random } from '../base/clock.ts';
import type { ResolveModel } from '../model/resolve.ts';
import type { ResolveEmbedder } from '../model/resolve-embedder.ts';
import type { OnObserverError } from '../observe/lane.ts';
import type { Allowances } from '../observe/ledger.ts';
import type { LimiterOf } from '../observe/limited.ts';
import type { Engine } from '../ports/engine.ts';
import type { RuntimeFacts } from '../ports/run-context.ts';
import type { Scope } from '../ports/scope.ts';
import type { OnInput } from './inputs.ts';
import type { RecordingSetup } from './recording.ts';
import type { OnUnheardInput } from './unheard.ts';

export interface RuntimeShare {
  readonly facts: RuntimeFacts;
  readonly clock: Clock;
  readonly random: Random;
  readonly onObserverError: OnObserverError;
  readonly onUnheardInput: OnUnheardInput;
  /** Models that record what they answer, or plain ones. */
  resolverFor(isJournaled: boolean): ResolveModel;
  readonly resolveEmbedder: ResolveEmbedder;
  readonly limiterOf: LimiterOf;
}

export interface RunOptions {
  readonly context: unknown;
  readonly signal: AbortSignal | undefined;
  /** Whether answers are asked for in pieces, and pieces are events. */
  readonly stream: boolean;
  /** Where what comes from outside is recorded; undefined = nowhere. */
  readonly recording: RecordingSetup | undefined;
  readonly onInput: OnInput;
  /** Whether whoever started it holds the run, and can answer it. */
  readonly hasHandle: boolean;
  /** Events kept for readers; 0 = none. */
  readonly bufferSize: number;
}

export interface RunSetup {
  readonly runId: string;
  readonly runtime: RuntimeShare;
  readonly options: RunOptions;
  readonly engine: Engine;
  readonly allowances: Allowances;
  /** Runtime's, definition's and the run's own, in this order. */
  readonly scope: Scope;
}

/** The seam to where runs execute. */
import type { Json } from '../base/json.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';
import type { DeliverOptions, DurableHandler } from './durable.ts';
import type { Fingerprint } from './journal.ts';
import type { LlmDefinition } from './model.ts';
import type { RunContext } from './run-context.ts';
import type { Entry } from './scope.ts';

/** One run's work as an engine gets it. */
export interface Job<Output> {
  /** What people call it. */
  readonly name: string;
  readonly inputs: Json;
  /** What it was started with beside its inputs, for whoever starts it elsewhere. Absent = nothing. */
  readonly settings?: Json;
  /** Where the definition can be loaded by others; null = only here. */
  readonly ref: CrewRef | null;
  /** The work itself, for engines in this thread. */
  start(context: RunContext): Promise<Output>;
  /** The output as the `run.end` event shows it. */
  show(output: Output): Json;
  /**
   * The callbacks that the definition and its parts bring, by addresses that are the same wherever the
   * definition is loaded: so an engine elsewhere says who hears, and they are called here.
   */
  entries(): ReadonlyMap<string, Entry>;
  /**
   * Hashes of what the definition says, by which a journal knows it again; absent = it is not told.
   * `defaultLlm` is the runtime's.
   */
  fingerprint?(defaultLlm: LlmDefinition | undefined): Fingerprint;
  /** Makes the output out of what crossed a thread or a machine. */
  revive(portable: Json, context: RunContext): Promise<Output>;
}

export interface Engine {
  /** In the `run.start` event: `local`, `threads`, … */
  readonly name: string;
  /** Does the job and tells what happens. Stops when the context's signal is aborted, and tells nothing once it has settled. */
  execute<Output>(job: Job<Output>, context: RunContext): Promise<Output>;
  /**
   * Gives each event of each run that it keeps to a handler, at least once and in the order of its run, until
   * what it gives is disposed. Absent = it keeps no events.
   */
  deliver?(name: string, handler: DurableHandler, options?: DeliverOptions): Promise<AsyncDisposable>;
  /** Releases threads and sockets. Idempotent. */
  close?(): Promise<void>;
}

/** The seam to where runs execute. */
import type { Json } from '../base/json.ts';
import type { RunContext } from './run-context.ts';
import type { Work } from './span.ts';

/** One run's work as an engine gets it. */
export interface Job<Output> {
  /** What people call it. */
  readonly name: string;
  readonly inputs: Json;
  /** The work itself, for engines in this thread. */
  start(context: RunContext): Work<Output>;
}

export interface Engine {
  /** In the `run.start` event: `local`, `threads`, … */
  readonly name: string;
  /** Does the job and yields what happens. Stops when the context's signal is aborted. */
  execute<Output>(job: Job<Output>, context: RunContext): Work<Output>;
}

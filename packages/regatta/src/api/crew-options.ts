/** How a run of a crew is started. */
import type { Inputs } from '../base/template.ts';
import type { InputFile } from '../context/input-files.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { Journal } from '../ports/journal.ts';
import type { Callback } from './callback.ts';
import type { RuntimeHolder } from './core.ts';

export interface KickoffOptions {
  /** Values for the `{placeholders}` of agents and tasks. */
  readonly inputs?: Inputs;
  /** Files that every task's agent is shown, by name. @default none */
  readonly inputFiles?: Readonly<Record<string, InputFile>>;
  /** Where output files of tasks go. @default the crew's */
  readonly outputDirectory?: string;
  /** What tools get as `context`: a tenant, a database handle. Never in events or journals. */
  readonly context?: unknown;
  /** Ends the run when it is aborted. */
  readonly signal?: AbortSignal;
  /** Hear the events of this run alone. */
  readonly callbacks?: readonly Callback[];
  /** What this run may spend. @default no limit */
  readonly budget?: BudgetLimits;
  /** Ask models for answers in pieces; they are `model.delta` events. @default false */
  readonly stream?: boolean;
  /** Events kept for `run.events()`. @default 10000 */
  readonly bufferSize?: number;
  /** Records the results of models and tools, and gives recorded ones back. @default none */
  readonly journal?: Journal;
  /** @default the process's */
  readonly runtime?: RuntimeHolder;
}

/** How a run of a crew is started. */
import type { Inputs } from '../base/template.ts';
import type { InputFile } from '../context/input-files.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { OnInput } from '../run/inputs.ts';
import type { JournalInput } from '../run/journals.ts';
import type { ForkPoint } from '../run/resume.ts';
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
  /** Where the run is recorded, so that it can be resumed: a journal, or the path of a SQLite file. @default the runtime's */
  readonly journal?: JournalInput;
  /**
   * Where a person is needed: wait; or end this process's part of the run as `suspended` once nothing
   * else can go on, which needs a journal; or ask a function. @default 'wait'
   */
  readonly onInput?: OnInput;
  /** @default the process's */
  readonly runtime?: RuntimeHolder;
}

export interface ResumeOptions extends Omit<KickoffOptions, 'inputs'> {
  /** Go on although prompts, schemas, tools or models are not those that the run was recorded with. @default false */
  readonly allowChanges?: boolean;
  /** Take the run from whoever holds it; what that one still writes is refused. @default false */
  readonly takeOver?: boolean;
}

export interface ForkOptions extends KickoffOptions {
  /** A task, with all that may read it, or the key of a recorded step, with all that was recorded after it: what is done anew. */
  readonly from: ForkPoint;
  /** As of `resume`, of the tasks that are kept. @default false */
  readonly allowChanges?: boolean;
}

export interface ReplayOptions extends Omit<ForkOptions, 'from'> {
  /** The first task that is done anew; those that may read it are, too. */
  readonly fromTask: string;
}

/** What a crew is made of, and how a run of it is started. */
import type { Inputs } from '../base/template.ts';
import type { InputFile } from '../context/input-files.ts';
import type {
  AfterKickoff,
  BeforeKickoff,
  ContextStrategy,
  CreateContext,
  FailurePolicy,
  Process,
  TaskCallback,
  TaskDefinition,
} from '../crew/definition.ts';
import type { Decide } from '../crew/team-options.ts';
import type { TrainingSource } from '../crew/training-data.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { RateLimits } from '../ports/limiter.ts';
import type { OnFailure } from '../ports/tool.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';
import type { OnInput } from '../run/inputs.ts';
import type { JournalInput } from '../run/journals.ts';
import type { ForkPoint } from '../run/resume.ts';
import type { Agent } from './agent.ts';
import type { Callback } from './callback.ts';
import type { RuntimeHolder } from './core.ts';
import type { LlmInput } from './llm.ts';
import type { ClaimOptions } from './resume-run.ts';

/** What the last task of a crew parses to. */
export type OutputOf<Tasks extends readonly TaskDefinition[]> = Tasks extends readonly [
  ...unknown[],
  TaskDefinition<infer Parsed>,
]
  ? Parsed
  : unknown;

export interface CrewOptions<Tasks extends readonly TaskDefinition[]> {
  /** @default 'crew' */
  readonly name?: string;
  readonly agents: readonly Agent[];
  /** In order: each may read the outputs of those before it. */
  readonly tasks: Tasks;
  /**
   * `sequential`: one after the other, apart from those that are `async`. `graph`: each as soon as the
   * tasks in its `context` and `after` are done; one without `context` waits for all before it.
   * `hierarchical`: as `sequential`, and a manager plans each task, has the agents do it, checks and puts
   * together what they gave. `consensus`: as `graph`, and several agents answer each task, of whose answers
   * one is chosen.
   * @default 'sequential'
   */
  readonly process?: Process;
  /** For `hierarchical`, and a `consensus` with a judge: the model of a manager with a role of ours. */
  readonly managerLlm?: LlmInput;
  /** In its place: a manager of your own, without tools, who is not one of `agents`. */
  readonly managerAgent?: Agent;
  /** Rounds in which a manager may send work back. @default 2 */
  readonly maxRevisions?: number;
  /** How often one piece of work may be handed on by agents that may delegate. @default 3 */
  readonly maxDelegationDepth?: number;
  /**
   * How a consensus is found: the manager picks one answer or makes one of them, the agents vote (typed
   * answers by being equal), or a function gives the place of the one that wins. @default 'judge'
   */
  readonly decide?: 'judge' | 'vote' | Decide;
  /** Answers that a consensus needs. @default more than half of those asked */
  readonly quorum?: number;
  /** Plan all tasks with one model call before the first one starts. @default false */
  readonly planning?: boolean | { readonly llm?: LlmInput };
  /** What `crew.train` has made: the path of its file, or what is in it. @default none */
  readonly training?: TrainingSource;
  /** Tasks of one run at work together. @default 8 */
  readonly concurrency?: number;
  /**
   * What the first failure does to tasks that do not need the one that failed: `cancel` stops those under
   * way and skips the rest, `spare` lets them finish. The run fails in any case. @default 'cancel'
   */
  readonly onTaskFailure?: FailurePolicy;
  /**
   * What a tool's failure does where tool, task and agent do not say: `answer` tells the model, `fail`
   * fails the task. @default 'answer'
   */
  readonly onToolFailure?: OnFailure;
  /** How tasks are told what earlier ones gave. @default 'full' */
  readonly contextStrategy?: ContextStrategy;
  /** Tokens that it may take in one prompt, estimated, at least 50; the oldest is cut first. @default no limit */
  readonly maxContextTokens?: number;
  /** Change the inputs of a run before they are looked at, in this order. @default none */
  readonly beforeKickoff?: readonly BeforeKickoff[];
  /** Change the output of a run that succeeded, in this order. @default none */
  readonly afterKickoff?: readonly AfterKickoff[];
  /** Gets what each task gave, behind the task's own `callback`. It is waited for; what it throws fails the task. */
  readonly taskCallback?: TaskCallback;
  /** Where output files of tasks go. @default the working directory of the run */
  readonly outputDirectory?: string;
  /** File that all events are written to: `.jsonl` as JSON, others as the console sink's lines. @default none */
  readonly outputLogFile?: string;
  /** For agents without one. @default the runtime's */
  readonly llm?: LlmInput;
  /** Where other threads and machines find this crew; see `crewRef`. */
  readonly ref?: CrewRef;
  /**
   * Makes what tools get as `context` for runs that were given none: where a run executes on another
   * thread or machine, it is made there.
   */
  readonly createContext?: CreateContext;
  /** Hear the events of every run of this crew. */
  readonly callbacks?: readonly Callback[];
  /** What all runs of this crew in one runtime together may spend. @default no limit */
  readonly budget?: BudgetLimits;
  /** What all runs of this crew in one runtime together may ask for in a minute. @default no limit */
  readonly limits?: RateLimits;
}

export interface KickoffOptions {
  /** Values for the `{placeholders}` of agents and tasks. */
  readonly inputs?: Inputs;
  /** Files that every task's agent is shown, by name. @default none; of a resumed or forked run, the run's */
  readonly inputFiles?: Readonly<Record<string, InputFile>>;
  /** Where output files of tasks go. @default the crew's; of a resumed or forked run, the run's */
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

export interface KickoffForEachOptions extends Omit<KickoffOptions, 'inputs'> {
  /** Runs at once. @default 10 */
  readonly concurrency?: number;
}

export interface ResumeOptions extends Omit<KickoffOptions, 'inputs'>, ClaimOptions {}

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

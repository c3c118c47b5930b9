/** `Crew`: agents and tasks, ready to run any number of times at once. */

import { resolve } from 'node:path';
import { resetAll } from '../agent/memories.ts';
import { deepFreeze } from '../base/json.ts';
import { limitAll } from '../base/limit.ts';
import { Problems } from '../base/problems.ts';
import type { Inputs } from '../base/template.ts';
import { checkFiles, toFileSources } from '../context/input-files.ts';
import { checkCrew } from '../crew/check.ts';
import { checkTeam } from '../crew/check-team.ts';
import {
  type AfterKickoff,
  type BeforeKickoff,
  type ContextStrategy,
  type CreateContext,
  type CrewDefinition,
  copyStrategy,
  type FailurePolicy,
  type Process,
  TASK_CONCURRENCY,
  type TaskCallback,
  type TaskDefinition,
} from '../crew/definition.ts';
import { fingerprintOf, taskPart } from '../crew/fingerprint.ts';
import { createJob } from '../crew/job.ts';
import { affectedBy, type CrewPlan, planCrew } from '../crew/plan.ts';
import type { PlannedCrew } from '../crew/run-crew.ts';
import type { TestResult } from '../crew/score.ts';
import { type Decide, type TeamOptions, withTeamDefaults } from '../crew/team-options.ts';
import type { TrainingData, TrainingSource } from '../crew/training-data.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { RateLimits } from '../observe/rate-limit.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Entry, Scope } from '../ports/scope.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';
import type { CrewOutput } from '../protocol/output.ts';
import { journalMissing } from '../run/journals.ts';
import { claimRun, letGo, readFork } from '../run/resume.ts';
import type { Run } from '../run/run.ts';
import type { StartOptions } from '../run/runtime.ts';
import { logFileSink } from '../sinks/log-file.ts';
import type { Agent } from './agent.ts';
import { type Callback, toScope } from './callback.ts';
import { defaultCore } from './core.ts';
import type { ForkOptions, KickoffOptions, ReplayOptions, ResumeOptions } from './crew-options.ts';
import { toManager, toPlanner } from './crew-staff.ts';
import { CrewStream } from './crew-stream.ts';
import { openNamed } from './integrations.ts';
import { type LlmInput, toLlm } from './llm.ts';
import { type TestOptions, testCrew } from './test-crew.ts';
import { type TrainOptions, trainCrew } from './train-crew.ts';

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

export interface KickoffForEachOptions extends Omit<KickoffOptions, 'inputs'> {
  /** Runs at once. @default 10 */
  readonly concurrency?: number;
}

/** A start that is not the first, or of the crew with something changed. */
interface StartAs extends Pick<StartOptions, 'recording' | 'past'> {
  readonly crew?: PlannedCrew;
}

/** Runs of one `kickoffForEach` at once: what a provider's lowest tier of rate limits bears. */
const FOR_EACH_CONCURRENCY = 10;

/**
 * Agents and tasks, ready to run. Frozen: a crew holds nothing of its runs, so one object may run
 * any number of times at once, and its agents and tasks may be part of other crews.
 *
 * @throws RegattaError `definition/invalid` with everything that is wrong.
 * @example
 * const crew = new Crew({ agents: [writer], tasks: [report] });
 * const { parsed } = await crew.kickoff({ inputs: { topic: 'tides' } });
 */
export class Crew<const Tasks extends readonly TaskDefinition[] = readonly TaskDefinition[]>
  implements CrewDefinition
{
  readonly name: string;
  readonly agents: readonly Agent[];
  readonly tasks: Tasks;
  readonly process: Process;
  readonly team: TeamOptions;
  readonly manager: Agent | undefined;
  readonly planner: Agent | undefined;
  readonly training: TrainingSource | undefined;
  readonly concurrency: number;
  readonly onTaskFailure: FailurePolicy;
  readonly contextStrategy: ContextStrategy;
  readonly maxContextTokens: number | undefined;
  readonly beforeKickoff: readonly BeforeKickoff[];
  readonly afterKickoff: readonly AfterKickoff[];
  readonly taskCallback: TaskCallback | undefined;
  readonly outputDirectory: string | undefined;
  readonly llm: LlmDefinition | undefined;
  readonly ref: CrewRef | undefined;
  readonly createContext: CreateContext | undefined;
  readonly budget: BudgetLimits | undefined;
  readonly limits: RateLimits | undefined;
  readonly scope: Scope;
  /** @internal */
  readonly plan: CrewPlan;

  constructor(options: CrewOptions<Tasks>) {
    this.name = options.name ?? 'crew';
    this.agents = Object.freeze([...(options.agents ?? [])]);
    this.tasks = Object.freeze([...(options.tasks ?? [])]) as readonly TaskDefinition[] as Tasks; // a copy has the same elements
    this.process = options.process ?? 'sequential';
    this.llm = toLlm(options.llm);
    this.team = withTeamDefaults(options);
    this.manager = toManager(options);
    this.planner = toPlanner(options.planning, this.llm);
    const { training } = options;
    this.training = typeof training === 'object' ? deepFreeze(structuredClone(training)) : training;
    this.concurrency = options.concurrency ?? TASK_CONCURRENCY;
    this.onTaskFailure = options.onTaskFailure ?? 'cancel';
    this.contextStrategy = copyStrategy(options.contextStrategy ?? 'full');
    this.maxContextTokens = options.maxContextTokens;
    this.beforeKickoff = Object.freeze([...(options.beforeKickoff ?? [])]);
    this.afterKickoff = Object.freeze([...(options.afterKickoff ?? [])]);
    this.taskCallback = options.taskCallback;
    this.outputDirectory = options.outputDirectory;
    const { callbacks = [], outputLogFile } = options;
    const log = outputLogFile === undefined ? [] : [logFileSink(outputLogFile)];
    this.scope = toScope([...log, ...callbacks], `Crew "${this.name}"`);
    this.ref = options.ref;
    this.createContext = options.createContext;
    this.budget = options.budget && Object.freeze({ ...options.budget });
    this.limits = options.limits && Object.freeze({ ...options.limits });
    checkCrew(this);
    checkTeam(this);
    this.plan = planCrew(this);
    Object.freeze(this);
  }

  /** Names of the inputs that the texts ask for, each once. */
  get placeholders(): readonly string[] {
    return this.plan.placeholders;
  }

  /** Runs the crew and gives its output. @throws RegattaError as the run's `result`. */
  async kickoff(options: KickoffOptions = {}): Promise<CrewOutput<OutputOf<Tasks>>> {
    return await this.start(options).result;
  }

  /**
   * As `kickoff`, on an OS thread for a crew that has a `ref`, so that tools may use the processor
   * without holding up this thread. A crew without one runs on the event loop, as `kickoff` does; its
   * `run.start` event says `engine: local`.
   */
  async kickoffAsync(options: KickoffOptions = {}): Promise<CrewOutput<OutputOf<Tasks>>> {
    return await this.#start(options, this.ref === undefined ? undefined : 'threads').result;
  }

  /**
   * Starts a run and gives its handle: result, events, usage, cancel. Bad inputs do not throw here:
   * `result` rejects.
   *
   * @throws RegattaError `definition/invalid` for input files or a budget that are none.
   */
  start(options: KickoffOptions = {}): Run<CrewOutput<OutputOf<Tasks>>> {
    return this.#start(options, undefined);
  }

  /** Starts a run and gives what its agents write, while they write it; `result` has the output. */
  stream(options: Omit<KickoffOptions, 'stream'> = {}): CrewStream<CrewOutput<OutputOf<Tasks>>> {
    return new CrewStream(this.start({ ...options, stream: true }));
  }

  /**
   * Runs the crew with every draft put before a person, then has a model put in words what each agent is to
   * learn, and writes it to `file`. Give that file to a crew as `training`. Runs are on this thread.
   *
   * @throws RegattaError `definition/invalid`, `training/bad-file`, or what a run, a review or the model throws.
   */
  async train(options: TrainOptions): Promise<TrainingData> {
    const core = options.runtime?.core ?? defaultCore();
    return await trainCrew(
      { crew: this, core, start: (crew, run) => this.#start(run, 'here', { crew }) },
      options,
    );
  }

  /**
   * Runs the crew several times, and has `judge` score what each task gave. A run that fails is an iteration
   * with an error. `formatScores` makes a table of it.
   *
   * @throws RegattaError `definition/invalid`; `run/cancelled` when `signal` is aborted.
   */
  async test(options: TestOptions): Promise<TestResult> {
    const core = options.runtime?.core ?? defaultCore();
    return await testCrew({ crew: this, core, start: (run) => this.start(run) }, options);
  }

  /**
   * Lets every memory of its agents forget all that it remembered, each once. Knowledge stays.
   *
   * @throws RegattaError `memory/failed` after all of them have been tried; its cause has each failure.
   */
  async resetMemories(): Promise<void> {
    await resetAll(this.agents.flatMap(({ memory }) => memory));
  }

  /**
   * Goes on with a run of the journal where its process left it: same id, inputs, start time and seed.
   * What is recorded is neither done nor told again, and nothing is billed twice. Also for a run that
   * has ended: what failed is tried again, and what succeeded gives its output again.
   *
   * @throws RegattaError `journal/missing`, `journal/unknown-run`, `journal/held`, `journal/code-changed`
   */
  async resume(
    runId: string,
    { allowChanges = false, takeOver = false, ...options }: ResumeOptions = {},
  ): Promise<Run<CrewOutput<OutputOf<Tasks>>>> {
    const core = options.runtime?.core ?? defaultCore();
    const journal = core.journalOf(options.journal);
    if (journal === undefined) throw journalMissing('resume');
    const fingerprint = fingerprintOf(this, core.defaultLlm);
    const recording = await claimRun(journal, runId, { fingerprint, allowChanges, takeOver });
    const inputs = recording.record.inputs as Inputs; // they were the inputs of the run's job
    try {
      return this.#start({ ...options, inputs }, undefined, { recording });
    } catch (error) {
      await letGo(recording, error);
      throw error;
    }
  }

  /**
   * Starts another run that has the records of a run up to `from`, and does the rest anew. `inputs` are
   * the run's, unless others are given. What is kept is not billed to the new run.
   *
   * @throws RegattaError `journal/missing`, `journal/unknown-run`, `journal/unknown-step`, `journal/code-changed`
   */
  async fork(
    runId: string,
    { from, allowChanges = false, ...options }: ForkOptions,
  ): Promise<Run<CrewOutput<OutputOf<Tasks>>>> {
    const core = options.runtime?.core ?? defaultCore();
    const journal = core.journalOf(options.journal);
    if (journal === undefined) throw journalMissing('fork');
    const { run, ...past } = await readFork(journal, runId, {
      from,
      allowChanges,
      fingerprint: fingerprintOf(this, core.defaultLlm),
      affected: (task) => affectedBy(this.plan, task),
      partOf: taskPart,
    });
    const { inputs = run.inputs as Inputs } = options; // they were the inputs of the run's job
    return this.#start({ ...options, inputs }, undefined, { past });
  }

  /** As `fork`, from a task on. @throws RegattaError as `fork` */
  async replay(
    runId: string,
    { fromTask, ...options }: ReplayOptions,
  ): Promise<Run<CrewOutput<OutputOf<Tasks>>>> {
    return await this.fork(runId, { ...options, from: { task: fromTask } });
  }

  #start(
    options: KickoffOptions,
    on: 'threads' | 'here' | undefined,
    { crew = this, ...history }: StartAs = {},
  ): Run<CrewOutput<OutputOf<Tasks>>> {
    const { callbacks, runtime, inputs = {}, inputFiles, outputDirectory, ...rest } = options;
    const files = toFileSources(inputFiles);
    const problems = new Problems(`The run of crew "${this.name}"`);
    checkFiles(problems, files);
    problems.throwIfAny();
    const directory = resolve(outputDirectory ?? this.outputDirectory ?? '.');
    const core = runtime?.core ?? defaultCore();
    const open = (name: string): Entry => openNamed(name, core.env);
    const scopes = [this.scope, toScope(callbacks, `The run of crew "${this.name}"`, open)];
    const job = createJob<OutputOf<Tasks>>(crew, inputs, { files, outputDirectory: directory });
    return core.start(job, { ...rest, ...history, scopes, definition: this, on });
  }

  /**
   * Runs the crew once for each element of `inputs`. A run that fails does not touch the others.
   * Gives settled results in the order of `inputs`; never rejects because of a run.
   *
   * @throws RegattaError `definition/invalid` for a concurrency below 1.
   */
  async kickoffForEach(
    inputs: readonly Inputs[],
    { concurrency = FOR_EACH_CONCURRENCY, ...options }: KickoffForEachOptions = {},
  ): Promise<readonly PromiseSettledResult<CrewOutput<OutputOf<Tasks>>>[]> {
    const problems = new Problems(`kickoffForEach of crew "${this.name}"`);
    problems.integer('concurrency', concurrency, 1);
    problems.throwIfAny();
    return await limitAll(inputs, concurrency, (one) => this.kickoff({ ...options, inputs: one }));
  }
}

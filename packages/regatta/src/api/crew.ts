/** `Crew`: agents and tasks, ready to run any number of times at once. */
import { resolve } from 'node:path';
import { resetAll } from '../agent/memories.ts';
import { deepFreeze, type Json } from '../base/json.ts';
import { limitAll } from '../base/limit.ts';
import { Problems } from '../base/problems.ts';
import type { Inputs } from '../base/template.ts';
import { openFiles } from '../context/input-files.ts';
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
import { fingerprintOf } from '../crew/fingerprint.ts';
import { type CrewSettings, createJob } from '../crew/job.ts';
import { type CrewPlan, planCrew } from '../crew/plan.ts';
import type { PlannedCrew } from '../crew/run-crew.ts';
import type { TestResult } from '../crew/score.ts';
import { type TeamOptions, withTeamDefaults } from '../crew/team-options.ts';
import type { TrainingData, TrainingSource } from '../crew/training-data.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { RateLimits } from '../ports/limiter.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Entry, Scope } from '../ports/scope.ts';
import type { OnFailure } from '../ports/tool.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';
import type { CrewOutput } from '../protocol/output.ts';
import { journalMissing } from '../run/journals.ts';
import type { Run } from '../run/run.ts';
import type { StartOptions } from '../run/runtime-options.ts';
import { logFileSink } from '../sinks/log-file.ts';
import type { Agent } from './agent.ts';
import { toScope } from './callback.ts';
import { defaultCore } from './core.ts';
import { readCrewFork } from './crew-fork.ts';
import type {
  CrewOptions,
  ForkOptions,
  KickoffForEachOptions,
  KickoffOptions,
  OutputOf,
  ReplayOptions,
  ResumeOptions,
} from './crew-options.ts';
import { toManager, toPlanner } from './crew-staff.ts';
import { CrewStream } from './crew-stream.ts';
import { openNamed } from './integrations.ts';
import { toLlm } from './llm.ts';
import { resumeRun } from './resume-run.ts';
import { type TestOptions, testCrew } from './test-crew.ts';
import { type TrainOptions, trainCrew } from './train-crew.ts';

/** A start that is not the first, or of the crew with something changed. */
interface StartAs extends Pick<StartOptions, 'recording' | 'past' | 'hasHandle'> {
  readonly crew?: PlannedCrew;
  /** Of the run that it goes on with, or begins from. */
  readonly settings?: Json;
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
  readonly onToolFailure: OnFailure | undefined;
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
    this.onToolFailure = options.onToolFailure;
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
    return this.#start(options, undefined, { hasHandle: false }).result;
  }

  /**
   * As `kickoff`, on an OS thread for a crew that has a `ref`, so that tools may use the processor
   * without holding up this thread. A crew without one runs on the event loop, as `kickoff` does; its
   * `run.start` event says `engine: local`.
   */
  async kickoffAsync(options: KickoffOptions = {}): Promise<CrewOutput<OutputOf<Tasks>>> {
    return this.#start(options, this.ref === undefined ? undefined : 'threads', { hasHandle: false }).result;
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
    return await testCrew(
      { crew: this, core, start: (run) => this.#start(run, undefined, { hasHandle: false }) },
      options,
    );
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
    const fingerprint = fingerprintOf(this, core.defaultLlm);
    const asked = { runId, journal: options.journal, fingerprint, allowChanges, takeOver };
    return await resumeRun(core, asked, (recording) => {
      const { inputs, settings } = recording.record;
      return this.#start({ ...options, inputs: inputs as Inputs }, undefined, { recording, settings }); // they were the inputs of the run's job
    });
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
    const { defaultLlm } = core;
    const { run, ...past } = await readCrewFork(this, journal, { runId, from, allowChanges, defaultLlm });
    const { inputs = run.inputs as Inputs } = options; // they were the inputs of the run's job
    return this.#start({ ...options, inputs }, undefined, { past, settings: run.settings });
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
    { crew = this, settings = null, ...history }: StartAs = {},
  ): Run<CrewOutput<OutputOf<Tasks>>> {
    const { callbacks, runtime, inputs = {}, inputFiles, outputDirectory, ...rest } = options;
    const owner = `The run of crew "${this.name}"`;
    const kept = settings as CrewSettings | null; // a run's settings are those of its job
    const files = inputFiles === undefined && kept !== null ? kept.files : openFiles(inputFiles, owner);
    const directory = resolve(outputDirectory ?? kept?.outputDirectory ?? this.outputDirectory ?? '.');
    const core = runtime?.core ?? defaultCore();
    const open = (name: string): Entry => openNamed(name, core.env);
    const scopes = [this.scope, toScope(callbacks, owner, open)];
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

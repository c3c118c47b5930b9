/** `Crew`: agents and tasks, ready to run any number of times at once. */

import { limitAll } from '../base/limit.ts';
import { Problems } from '../base/problems.ts';
import type { Inputs } from '../base/template.ts';
import {
  type CreateContext,
  type CrewDefinition,
  checkCrew,
  type Process,
  type TaskDefinition,
} from '../crew/definition.ts';
import { fingerprintOf, taskPart } from '../crew/fingerprint.ts';
import { createJob } from '../crew/job.ts';
import { affectedBy, type CrewPlan, planCrew } from '../crew/plan.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { RateLimits } from '../observe/rate-limit.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Entry, Scope } from '../ports/scope.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';
import type { CrewOutput } from '../protocol/output.ts';
import type { OnInput } from '../run/inputs.ts';
import { type JournalInput, journalMissing } from '../run/journals.ts';
import { claimRun, type ForkPoint, letGo, readFork } from '../run/resume.ts';
import type { Run } from '../run/run.ts';
import type { StartOptions } from '../run/runtime.ts';
import type { Agent } from './agent.ts';
import { type Callback, toScope } from './callback.ts';
import { defaultCore, type RuntimeHolder } from './core.ts';
import { openNamed } from './integrations.ts';
import { type LlmInput, toLlm } from './llm.ts';

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
  /** @default 'sequential' */
  readonly process?: Process;
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

export interface KickoffForEachOptions extends Omit<KickoffOptions, 'inputs'> {
  /** Runs at once. @default 10 */
  readonly concurrency?: number;
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
    this.scope = toScope(options.callbacks, `Crew "${this.name}"`);
    this.ref = options.ref;
    this.createContext = options.createContext;
    this.budget = options.budget && Object.freeze({ ...options.budget });
    this.limits = options.limits && Object.freeze({ ...options.limits });
    checkCrew(this);
    this.plan = planCrew(this.agents, this.tasks);
    Object.freeze(this);
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

  /** Starts a run and gives its handle: result, events, usage, cancel. Bad inputs do not throw here: `result` rejects. */
  start(options: KickoffOptions = {}): Run<CrewOutput<OutputOf<Tasks>>> {
    return this.#start(options, undefined);
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
    on: 'threads' | undefined,
    history: Pick<StartOptions, 'recording' | 'past'> = {},
  ): Run<CrewOutput<OutputOf<Tasks>>> {
    const { callbacks, runtime, inputs = {}, ...rest } = options;
    const core = runtime?.core ?? defaultCore();
    const open = (name: string): Entry => openNamed(name, core.env);
    const scopes = [this.scope, toScope(callbacks, `The run of crew "${this.name}"`, open)];
    return core.start(createJob<OutputOf<Tasks>>(this, inputs), {
      ...rest,
      ...history,
      scopes,
      definition: this,
      on,
    });
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

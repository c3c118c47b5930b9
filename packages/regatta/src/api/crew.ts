/** `Crew`: agents and tasks, ready to run any number of times at once. */

import { resetAll } from '../agent/memories.ts';
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
import { createJob } from '../crew/job.ts';
import { type CrewPlan, planCrew } from '../crew/plan.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { RateLimits } from '../observe/rate-limit.ts';
import type { Journal } from '../ports/journal.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Entry, Scope } from '../ports/scope.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';
import type { CrewOutput } from '../protocol/output.ts';
import type { Run } from '../run/run.ts';
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
  /** Records the results of models and tools, and gives recorded ones back. @default none */
  readonly journal?: Journal;
  /** @default the process's */
  readonly runtime?: RuntimeHolder;
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
   * Lets every memory of its agents forget all that it remembered, each once. Knowledge stays.
   *
   * @throws RegattaError `memory/failed` after all of them have been tried; its cause has each failure.
   */
  async resetMemories(): Promise<void> {
    await resetAll(this.agents.flatMap(({ memory }) => memory));
  }

  #start(options: KickoffOptions, on: 'threads' | undefined): Run<CrewOutput<OutputOf<Tasks>>> {
    const { callbacks, runtime, inputs = {}, ...rest } = options;
    const core = runtime?.core ?? defaultCore();
    const open = (name: string): Entry => openNamed(name, core.env);
    const scopes = [this.scope, toScope(callbacks, `The run of crew "${this.name}"`, open)];
    return core.start(createJob<OutputOf<Tasks>>(this, inputs), { ...rest, scopes, definition: this, on });
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

/** `Crew`: agents and tasks, ready to run any number of times at once. */

import { toJson } from '../base/json.ts';
import { limitAll } from '../base/limit.ts';
import type { Inputs } from '../base/template.ts';
import { type CrewDefinition, checkCrew, type Process, type TaskDefinition } from '../crew/definition.ts';
import { runCrew } from '../crew/run-crew.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { RateLimits } from '../observe/rate-limit.ts';
import type { Journal } from '../ports/journal.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Scope } from '../ports/scope.ts';
import type { Work } from '../ports/span.ts';
import type { CrewOutput } from '../protocol/output.ts';
import type { Run } from '../run/run.ts';
import type { Agent } from './agent.ts';
import { type Callback, toScope } from './callback.ts';
import { defaultCore, type RuntimeHolder } from './core.ts';
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
  readonly budget: BudgetLimits | undefined;
  readonly limits: RateLimits | undefined;
  readonly scope: Scope;

  constructor(options: CrewOptions<Tasks>) {
    this.name = options.name ?? 'crew';
    this.agents = Object.freeze([...(options.agents ?? [])]);
    this.tasks = Object.freeze([...(options.tasks ?? [])]) as readonly TaskDefinition[] as Tasks; // a copy has the same elements
    this.process = options.process ?? 'sequential';
    this.llm = toLlm(options.llm);
    this.scope = toScope(options.callbacks, `Crew "${this.name}"`);
    this.budget = options.budget;
    this.limits = options.limits;
    checkCrew(this);
    Object.freeze(this);
  }

  /** Runs the crew and gives its output. @throws RegattaError as the run's `result`. */
  async kickoff(options: KickoffOptions = {}): Promise<CrewOutput<OutputOf<Tasks>>> {
    return await this.start(options).result;
  }

  /** As `kickoff`, under the name that users of crewAI know. On the event loop, as everything here. */
  async kickoffAsync(options: KickoffOptions = {}): Promise<CrewOutput<OutputOf<Tasks>>> {
    return await this.start(options).result;
  }

  /** Starts a run and gives its handle: result, events, usage, cancel. Never throws for bad inputs: `result` rejects. */
  start(options: KickoffOptions = {}): Run<CrewOutput<OutputOf<Tasks>>> {
    const { inputs = {}, callbacks, runtime, ...rest } = options;
    const job = {
      name: this.name,
      inputs: toJson(inputs),
      start: (context: RunContext) => run<OutputOf<Tasks>>(this, inputs, context),
    };
    const scopes = [this.scope, toScope(callbacks, `The run of crew "${this.name}"`)];
    return (runtime?.core ?? defaultCore()).start(job, { ...rest, scopes, definition: this });
  }

  /**
   * Runs the crew once for each element of `inputs`. A run that fails does not touch the others.
   * Gives settled results in the order of `inputs`; never rejects because of a run.
   */
  async kickoffForEach(
    inputs: readonly Inputs[],
    { concurrency = FOR_EACH_CONCURRENCY, ...options }: KickoffForEachOptions = {},
  ): Promise<readonly PromiseSettledResult<CrewOutput<OutputOf<Tasks>>>[]> {
    return await limitAll(inputs, concurrency, (one) => this.kickoff({ ...options, inputs: one }));
  }
}

async function* run<Parsed>(
  crew: CrewDefinition,
  inputs: Inputs,
  context: RunContext,
): Work<CrewOutput<Parsed>> {
  const tasks = Object.freeze(yield* runCrew(crew, inputs, context));
  const last = tasks.at(-1);
  return Object.freeze({
    runId: context.runId,
    text: last?.text ?? '',
    parsed: last?.parsed as Parsed, // by the last task's schema, which is where `Parsed` comes from
    tasks,
    usage: context.meter.report(),
  });
}

/** Tasks and crews as data: checked once, then the same object serves any number of runs. */
import type { AgentDefinition } from '../agent/definition.ts';
import type { Contract } from '../base/schema.ts';
import type { Inputs } from '../base/template.ts';
import type { FileSources } from '../context/input-files.ts';
import type { GuardrailDefinition } from '../guardrail/definition.ts';
import type { Allowance } from '../observe/allowance.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Scope } from '../ports/scope.ts';
import type { OnFailure, Tool } from '../ports/tool.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';
import type { CrewOutput, TaskOutput } from '../protocol/output.ts';
import type { TeamOptions } from './team-options.ts';
import type { TrainingSource } from './training-data.ts';

/**
 * How a task is told what earlier tasks gave: whole, summed up by a model, not at all, or these fields of
 * their typed outputs.
 */
export type ContextStrategy = 'full' | 'summary' | 'none' | { readonly fields: readonly string[] };

/** Whether a task is to be done, by what the tasks that it waits for gave, in the crew's order. */
export type TaskCondition = (outputs: readonly TaskOutput[]) => boolean | Promise<boolean>;

/** Hears what a task gave, once it is accepted. It is waited for; what it throws fails the task. */
export type TaskCallback<Parsed = unknown> = (output: TaskOutput<Parsed>) => unknown;

export interface TaskDefinition<Parsed = unknown> {
  /** Undefined = `task-1`, `task-2`, … by its place in the crew. */
  readonly name: string | undefined;
  readonly description: string;
  readonly expectedOutput: string;
  readonly agent: AgentDefinition | undefined;
  /** For a consensus: who answers; undefined = `agent`, else all agents of the crew. */
  readonly agents: readonly AgentDefinition[] | undefined;
  /** Tasks whose outputs it reads; undefined = all earlier ones. */
  readonly context: readonly TaskDefinition[] | undefined;
  /** Tasks that it waits for, beside those that it reads. */
  readonly after: readonly TaskDefinition[];
  /** Starts as soon as what it reads is done, and holds up nobody who does not read it. */
  readonly async: boolean;
  readonly when: TaskCondition | undefined;
  /** Undefined = the crew's. */
  readonly contextStrategy: ContextStrategy | undefined;
  /** Tokens that the outputs it reads may take in its prompt, estimated; undefined = the crew's. */
  readonly maxContextTokens: number | undefined;
  /** Times that it is done anew after a failure. */
  readonly retries: number;
  readonly guardrails: readonly GuardrailDefinition[];
  /** Judges sentences; undefined = the agent's. */
  readonly guardrailLlm: LlmDefinition | undefined;
  /** Answers that guardrails may send back. */
  readonly guardrailMaxRetries: number;
  /** Below the run's output directory. May hold placeholders. */
  readonly outputFile: string | undefined;
  /** Whether the answer is to be Markdown. */
  readonly markdown: boolean;
  readonly inputFiles: FileSources;
  /** Whether a person reviews the answer. */
  readonly humanInput: boolean;
  readonly callback: TaskCallback | undefined;
  /** For tools that do not say; undefined = the agent's, else the crew's. */
  readonly onToolFailure: OnFailure | undefined;
  /** Replaces the agent's tools for this task. */
  readonly tools: readonly Tool[] | undefined;
  readonly contract: Contract<Parsed> | null;
  readonly scope: Scope;
}

/** What a run is, to whoever makes its context. */
export interface ContextRequest {
  readonly runId: string;
  readonly inputs: Inputs;
}

/** Makes what tools get as `context`. */
export type CreateContext = (run: ContextRequest) => unknown;

/**
 * `sequential` and `hierarchical`: in the order of the list; `graph` and `consensus`: each task as soon as
 * what it waits for is done. Under `hierarchical` a manager has the crew do each task; under `consensus`
 * several agents answer each, and one answer is chosen.
 */
export type Process = 'sequential' | 'graph' | 'hierarchical' | 'consensus';

/** Whether tasks start by what they need alone. */
export function isGraph(process: Process): boolean {
  return process === 'graph' || process === 'consensus';
}

/** What a failed task does to those that do not need it. */
export type FailurePolicy = 'cancel' | 'spare';

/** Gives the inputs to go on with. */
export type BeforeKickoff = (inputs: Inputs) => Inputs | Promise<Inputs>;

/** Gives the output to go on with. */
export type AfterKickoff = (output: CrewOutput) => CrewOutput | Promise<CrewOutput>;

/** Tasks of one run at work together: what a provider's lowest tier of rate limits bears. */
export const TASK_CONCURRENCY = 8;

export interface CrewDefinition extends Allowance {
  readonly name: string;
  readonly agents: readonly AgentDefinition[];
  readonly tasks: readonly TaskDefinition[];
  readonly process: Process;
  /** Tasks of one run at work together. */
  readonly concurrency: number;
  readonly onTaskFailure: FailurePolicy;
  /** For tools, tasks and agents that do not say; undefined = the model is told. */
  readonly onToolFailure: OnFailure | undefined;
  readonly team: TeamOptions;
  /** Plans, checks, judges; not one of `agents`. */
  readonly manager: AgentDefinition | undefined;
  /** Plans the tasks before the first one starts; undefined = nobody does. */
  readonly planner: AgentDefinition | undefined;
  /** What agents have learned: a file, or what is in one. */
  readonly training: TrainingSource | undefined;
  /** For tasks without one of their own. */
  readonly contextStrategy: ContextStrategy;
  readonly maxContextTokens: number | undefined;
  readonly beforeKickoff: readonly BeforeKickoff[];
  readonly afterKickoff: readonly AfterKickoff[];
  readonly taskCallback: TaskCallback | undefined;
  /** Where output files go; undefined = the working directory of the run. */
  readonly outputDirectory: string | undefined;
  /** For agents without one of their own. */
  readonly llm: LlmDefinition | undefined;
  readonly ref: CrewRef | undefined;
  readonly createContext: CreateContext | undefined;
  readonly scope: Scope;
}

/** A task's name in its crew. */
export function nameOf({ name }: TaskDefinition, index: number): string {
  return name ?? `task-${index + 1}`;
}

/** Frozen; what is no strategy stays as it is, for the check to name it. */
export function copyStrategy<S extends ContextStrategy | undefined>(strategy: S): S {
  if (typeof strategy !== 'object' || !Array.isArray(strategy.fields)) return strategy;
  return Object.freeze({ fields: Object.freeze([...strategy.fields]) }) as unknown as S; // a copy of the same shape
}

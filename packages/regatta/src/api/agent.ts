/** `Agent`: who does the work. */
import { type AgentDefinition, checkAgent, MAX_ITER, MAX_OUTPUT_RETRIES } from '../agent/definition.ts';
import { type AgentPlanning, type Effort, withPlanningDefaults } from '../agent/plan-options.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Scope } from '../ports/scope.ts';
import type { Tool } from '../ports/tool.ts';
import { type Callback, toScope } from './callback.ts';
import { type LlmInput, toLlm } from './llm.ts';

export interface AgentOptions {
  /** Who it is: its name in events, usage and prompts. May hold `{placeholders}`, as `goal` and `backstory`. */
  readonly role: string;
  /** What it is after. */
  readonly goal: string;
  /** What it knows and how it works. @default '' */
  readonly backstory?: string;
  /** `provider/model`, an `LLM`, or a model object. @default the crew's, else the runtime's */
  readonly llm?: LlmInput;
  /** @default none */
  readonly tools?: readonly Tool[];
  /** Model calls that may ask for tools; after them comes one forced final answer. @default 25 */
  readonly maxIter?: number;
  /** Milliseconds for one task. @default no limit */
  readonly maxExecutionTimeMs?: number | undefined;
  /** Answers that may be sent back because they do not fit the output schema. @default 2 */
  readonly maxOutputRetries?: number;
  /**
   * Plan the task as steps, do them by what they need, look at what they gave, and plan anew where that is
   * needed. `true` = with every default. @default false
   */
  readonly planning?: boolean | PlanningOptions;
  /** Give it tools to hand work to other agents of its crew, and to ask them. @default false */
  readonly allowDelegation?: boolean;
  /** Whom it may ask, as agents or by role. @default all others of the crew */
  readonly allowedDelegates?: readonly (AgentDefinition | string)[];
  /** Hear the events of this agent's work, in every run. */
  readonly callbacks?: readonly Callback[];
}

/** How an agent plans. */
export interface PlanningOptions {
  /**
   * How closely it looks at what its steps gave: `low` asks no model, `medium` has each round judged,
   * `high` also refines steps that wait, may stop early, and plans anew after any failure. @default 'medium'
   */
  readonly effort?: Effort;
  /** Steps of one plan. @default 20 */
  readonly maxSteps?: number;
  /** Plans after the first one. @default 3 */
  readonly maxReplans?: number;
  /** Model calls with tools in one step; after them comes one forced answer. @default 15 */
  readonly maxStepIterations?: number;
  /** Milliseconds for one step. @default no limit */
  readonly stepTimeoutMs?: number | undefined;
  /** Plans and judges. @default the agent's */
  readonly llm?: LlmInput;
}

/**
 * Who does the work: a role, a goal, tools and a model. Frozen; one agent may work on any number of
 * tasks and runs at once.
 *
 * @throws RegattaError `definition/invalid` with everything that is wrong.
 */
export class Agent implements AgentDefinition {
  readonly role: string;
  readonly goal: string;
  readonly backstory: string;
  readonly llm: LlmDefinition | undefined;
  readonly tools: readonly Tool[];
  readonly maxIter: number;
  readonly maxExecutionTimeMs: number | undefined;
  readonly maxOutputRetries: number;
  readonly planning: AgentPlanning | undefined;
  readonly allowDelegation: boolean;
  readonly allowedDelegates: readonly (AgentDefinition | string)[] | undefined;
  readonly scope: Scope;

  constructor(options: AgentOptions) {
    this.role = options.role;
    this.goal = options.goal;
    this.backstory = options.backstory ?? '';
    this.llm = toLlm(options.llm);
    this.tools = Object.freeze([...(options.tools ?? [])]);
    this.maxIter = options.maxIter ?? MAX_ITER;
    this.maxExecutionTimeMs = options.maxExecutionTimeMs;
    this.maxOutputRetries = options.maxOutputRetries ?? MAX_OUTPUT_RETRIES;
    this.planning = toPlanning(options.planning);
    this.allowDelegation = options.allowDelegation ?? false;
    this.allowedDelegates = options.allowedDelegates && Object.freeze([...options.allowedDelegates]);
    this.scope = toScope(options.callbacks, `Agent "${options.role}"`);
    checkAgent(this);
    Object.freeze(this);
  }
}

function toPlanning(planning: boolean | PlanningOptions | undefined): AgentPlanning | undefined {
  if (planning === undefined || planning === false) return undefined;
  const { llm, ...options } = planning === true ? {} : planning;
  return withPlanningDefaults({ ...options, llm: toLlm(llm) });
}

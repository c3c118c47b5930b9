/** How an agent plans: its options as data, checked. */
import { type Problems, show } from '../base/problems.ts';
import type { LlmDefinition } from '../ports/model.ts';

export type Effort = 'low' | 'medium' | 'high';

export interface AgentPlanning {
  /** How closely it looks at what its steps gave. */
  readonly effort: Effort;
  /** Steps that one plan may have. */
  readonly maxSteps: number;
  /** Plans after the first one. */
  readonly maxReplans: number;
  /** Model calls with tools in one step; after them comes one forced answer. */
  readonly maxStepIterations: number;
  /** Milliseconds for one step; undefined = no limit of its own. */
  readonly stepTimeoutMs: number | undefined;
  /** Plans and judges; undefined = the agent's. */
  readonly llm: LlmDefinition | undefined;
}

/** crewAI's: more steps are a project, not a task. */
const MAX_STEPS = 20;
/** A task that fails four plans needs another task. */
const MAX_REPLANS = 3;
/** A step is smaller than a task, which has 25. */
const MAX_STEP_ITERATIONS = 15;
/** A judged plan is worth one call for each round; refining it is for who asks for it. */
const EFFORT: Effort = 'medium';

const EFFORTS: readonly unknown[] = ['low', 'medium', 'high'];

export function withPlanningDefaults({
  effort = EFFORT,
  maxSteps = MAX_STEPS,
  maxReplans = MAX_REPLANS,
  maxStepIterations = MAX_STEP_ITERATIONS,
  stepTimeoutMs,
  llm,
}: { readonly [K in keyof AgentPlanning]?: AgentPlanning[K] | undefined }): AgentPlanning {
  return Object.freeze({ effort, maxSteps, maxReplans, maxStepIterations, stepTimeoutMs, llm });
}

export function checkPlanning(problems: Problems, planning: AgentPlanning | undefined): void {
  if (planning === undefined) return;
  const { effort, maxSteps, maxReplans, maxStepIterations, stepTimeoutMs } = planning;
  if (!EFFORTS.includes(effort)) {
    problems.add(
      'planning.effort',
      effort,
      `planning.effort must be "low", "medium" or "high", got ${show(effort)}. Correct it or leave it out.`,
    );
  }
  problems.integer('planning.maxSteps', maxSteps, 1);
  problems.integer('planning.maxReplans', maxReplans, 0);
  problems.integer('planning.maxStepIterations', maxStepIterations, 1);
  problems.duration('planning.stepTimeoutMs', stepTimeoutMs);
}

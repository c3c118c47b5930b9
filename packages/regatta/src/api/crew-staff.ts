/** Agents of ours that a crew has beside its own: a manager and a planner. */
import { Problems } from '../base/problems.ts';
import type { LlmDefinition } from '../ports/model.ts';
import { Agent } from './agent.ts';
import type { LlmInput } from './llm.ts';

interface ManagerOptions {
  readonly managerAgent?: Agent | undefined;
  readonly managerLlm?: LlmInput | undefined;
}

/** Who plans, checks and judges for a crew; undefined = nobody. @throws RegattaError `definition/invalid` for two. */
export function toManager({ managerAgent, managerLlm }: ManagerOptions): Agent | undefined {
  const problems = new Problems('The manager');
  if (managerAgent !== undefined && managerLlm !== undefined) {
    const message =
      'managerLlm and managerAgent are both given. Give the agent its llm, and leave managerLlm out.';
    problems.add('managerLlm', managerLlm, message);
  }
  problems.throwIfAny();
  if (managerLlm === undefined) return managerAgent;
  return new Agent({ role: 'Manager', goal: MANAGER_GOAL, llm: managerLlm });
}

const MANAGER_GOAL =
  'Have the crew do each task well: give clear work to who can do it best, check it, and answer for it';
const PLANNER_GOAL = 'Plan the tasks of a crew so that each is done well and builds on those before it';

/** Who plans a crew's tasks; undefined = nobody. `llm` is the crew's. */
export function toPlanner(
  planning: boolean | { readonly llm?: LlmInput } | undefined,
  llm: LlmDefinition | undefined,
): Agent | undefined {
  if (planning === undefined || planning === false) return undefined;
  const own = (planning === true ? undefined : planning.llm) ?? llm;
  return new Agent({ role: 'Planner', goal: PLANNER_GOAL, ...(own === undefined ? {} : { llm: own }) });
}

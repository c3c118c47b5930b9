/** Whose word counts when a tool fails. */
import type { OnFailure } from '../ports/tool.ts';

/** The first that says anything, from the tool outwards: tool, task, agent, crew. Else the model is told. */
export function onFailureOf(...policies: readonly (OnFailure | undefined)[]): OnFailure {
  return policies.find((policy) => policy !== undefined) ?? 'answer';
}

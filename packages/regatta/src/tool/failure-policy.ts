/** Whose word counts when a tool fails. */
import { type Problems, show } from '../base/problems.ts';
import type { OnFailure } from '../ports/tool.ts';

/** The first that says anything, from the tool outwards: tool, task, agent, crew. Else the model is told. */
export function onFailureOf(...policies: readonly (OnFailure | undefined)[]): OnFailure {
  return policies.find((policy) => policy !== undefined) ?? 'answer';
}

export function checkFailurePolicy(problems: Problems, field: string, value: string | undefined): void {
  if (value === undefined || value === 'answer' || value === 'fail') return;
  const message = `${field} must be 'answer' or 'fail', got ${show(value)}. Correct it or leave it out.`;
  problems.add(field, value, message);
}

/** An agent at work as its definition says: straight on, or by a plan. */
import type { RunContext } from '../ports/run-context.ts';
import type { AgentDefinition } from './definition.ts';
import { type AgentAnswer, type AgentAssignment, runAgent } from './loop.ts';
import { byPlan } from './plan-work.ts';

/** @throws what `runAgent` throws. */
export function perform(
  agent: AgentDefinition,
  assignment: AgentAssignment,
  context: RunContext,
): Promise<AgentAnswer> {
  const { planning } = agent;
  if (planning === undefined || assignment.way !== undefined) return runAgent(agent, assignment, context);
  // Who goes on with a conversation has planned already.
  const isFresh = !assignment.messages.some(({ role }) => role === 'assistant');
  return runAgent(agent, isFresh ? { ...assignment, way: byPlan(planning) } : assignment, context);
}

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
  // Who goes on with a conversation has planned already.
  const isFresh = !assignment.messages.some(({ role }) => role === 'assistant');
  const way = planning === undefined || !isFresh ? undefined : byPlan(planning);
  return runAgent(agent, { ...assignment, way: assignment.way ?? way }, context);
}

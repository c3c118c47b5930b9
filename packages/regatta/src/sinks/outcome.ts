/** Sinks that hear of one outcome only: what a success name or a failure name subscribes to. */
import type { RunEvent } from '../protocol/event.ts';

export type Outcomes = 'success' | 'failure' | 'both';

/** How the span of an end ended; null for events that end nothing. */
export function outcomeOf(event: RunEvent): 'success' | 'failure' | null {
  switch (event.type) {
    case 'run.end':
      return event.status === 'succeeded' ? 'success' : 'failure';
    case 'task.end':
      return event.status === 'done' ? 'success' : 'failure';
    case 'agent.end':
    case 'model.end':
    case 'embed.end':
    case 'tool.end':
    case 'guardrail.end':
    case 'memory.end':
    case 'input.end':
    case 'delegation.end':
    case 'plan.end':
    case 'step.end':
    case 'review.end':
    case 'decision.end':
      return event.error === null ? 'success' : 'failure';
    default:
      return null;
  }
}

/** Whether `event` is an end of an outcome in `outcomes`, or any event where `outcomes` is both. */
export function isWanted(event: RunEvent, outcomes: Outcomes): boolean {
  return outcomes === 'both' || outcomeOf(event) === outcomes;
}

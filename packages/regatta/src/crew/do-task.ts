/** Who does a task, by the crew's process. */
import type { AgentAnswer } from '../agent/loop.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import type { Message } from '../protocol/message.ts';
import { agree } from './consensus.ts';
import { manage } from './hierarchical.ts';
import { doMemberWork } from './member-work.ts';
import { type Member, memberOf, open, type TaskWork } from './team.ts';

/** Without `by` it is of whoever the task goes by. */
export interface Answered extends AgentAnswer {
  readonly by?: Member;
}

/** No generator of its own: every event of the agents would pass through it. @throws what the agents throw, or `consensus/*`. */
export function doTask(work: TaskWork, context: RunContext): Work<Answered> {
  const { team, task, brief, contract, key } = work;
  if (team.process === 'hierarchical') return manage(work, context);
  if (team.process === 'consensus') return agree(work, context);
  const by = memberOf(team, task.agent);
  const tools = task.definition.tools ?? by.definition.tools;
  const messages = open(by, brief);
  return doMemberWork(team, by, { place: `${key}agent`, messages, tools, contract, chain: [] }, context);
}

export interface Improvement {
  readonly by: Member;
  /** The conversation, and at its end what is to be better. */
  readonly messages: readonly Message[];
  /** Counts drafts from 2. */
  readonly number: number;
}

/** Whoever answered goes on with the same conversation. */
export function improve(
  { team, task, contract, key }: TaskWork,
  { by, messages, number }: Improvement,
  context: RunContext,
): Work<Answered> {
  const tools = by === team.manager ? [] : (task.definition.tools ?? by.definition.tools);
  return doMemberWork(
    team,
    by,
    { place: `${key}agent-${number}`, messages, tools, contract, chain: [] },
    context,
  );
}

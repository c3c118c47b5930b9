/** Who does a task, by the crew's process. */
import type { AgentAnswer } from '../agent/loop.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Message } from '../protocol/message.ts';
import { agree } from './consensus.ts';
import type { TaskDefinition } from './definition.ts';
import { manage } from './hierarchical.ts';
import { doMemberWork } from './member-work.ts';
import { type Member, memberOf, open, type TaskWork } from './team.ts';

/** Without `by` it is of whoever the task goes by. */
export interface Answered extends AgentAnswer {
  readonly by?: Member;
}

/** @throws what the agents throw, or `consensus/*`. */
export function doTask(work: TaskWork, context: RunContext): Promise<Answered> {
  const { team, task, brief, contract, key } = work;
  if (team.process === 'hierarchical') return manage(work, context);
  if (team.process === 'consensus') return agree(work, context);
  const by = memberOf(team, task.agent);
  const { onToolFailure, tools = by.definition.tools } = task.definition;
  const messages = open(by, brief);
  const asked = {
    place: `${key}agent`,
    messages,
    tools,
    onToolFailure,
    contract,
    chain: [],
    remembers: !isProvisional(task.definition),
  };
  return doMemberWork(team, by, asked, context);
}

/** Whether what its agent gives may yet be sent back. */
export function isProvisional({ guardrails, humanInput }: TaskDefinition): boolean {
  return guardrails.length > 0 || humanInput;
}

export interface Improvement {
  readonly by: Member;
  /** The conversation, and at its end what is to be better. */
  readonly messages: readonly Message[];
  /** How many of the messages opened it. */
  readonly opening: number;
  /** Counts drafts from 2. */
  readonly number: number;
}

/** Whoever answered goes on with the same conversation. */
export function improve(
  { team, task, contract, key }: TaskWork,
  { by, messages, opening, number }: Improvement,
  context: RunContext,
): Promise<Answered> {
  const { onToolFailure, tools: own = by.definition.tools } = task.definition;
  const tools = by === team.manager ? [] : own;
  const conversation = { place: `${key}agent-${number}`, messages, opening };
  const asked = { ...conversation, tools, onToolFailure, contract, chain: [] };
  return doMemberWork(team, by, asked, context);
}

/** Who does a task, by the crew's process. */
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import type { Message } from '../protocol/message.ts';
import { agree } from './consensus.ts';
import type { TaskDefinition } from './definition.ts';
import { manage } from './hierarchical.ts';
import { doMemberWork } from './member-work.ts';
import { type Finished, memberOf, open, type TaskWork } from './team.ts';

/** @throws what the agents throw, or `consensus/*`. */
export async function* doTask(work: TaskWork, context: RunContext): Work<Finished> {
  const { team, task, brief, contract, key } = work;
  if (team.process === 'hierarchical') return yield* manage(work, context);
  if (team.process === 'consensus') return yield* agree(work, context);
  const by = memberOf(team, task.agent);
  const tools = task.definition.tools ?? by.definition.tools;
  const messages = open(by, brief);
  const asked = {
    place: `${key}agent`,
    messages,
    tools,
    contract,
    chain: [],
    remembers: !isProvisional(task.definition),
  };
  return { ...(yield* doMemberWork(team, by, asked, context)), by };
}

/** Whether what its agent gives may yet be sent back. */
export function isProvisional({ guardrails, humanInput }: TaskDefinition): boolean {
  return guardrails.length > 0 || humanInput;
}

export interface Improvement {
  readonly by: Finished['by'];
  /** The conversation, and at its end what is to be better. */
  readonly messages: readonly Message[];
  /** How many of the messages opened it. */
  readonly opening: number;
  /** Counts drafts from 2. */
  readonly number: number;
}

/** Whoever answered goes on with the same conversation. */
export async function* improve(
  { team, task, contract, key }: TaskWork,
  { by, messages, opening, number }: Improvement,
  context: RunContext,
): Work<Finished> {
  const tools = by === team.manager ? [] : (task.definition.tools ?? by.definition.tools);
  const asked = { place: `${key}agent-${number}`, messages, opening, tools, contract, chain: [] };
  return { ...(yield* doMemberWork(team, by, asked, context)), by };
}

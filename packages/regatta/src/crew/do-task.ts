/** Who does a task, by the crew's process. */
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import type { Message } from '../protocol/message.ts';
import { agree } from './consensus.ts';
import { manage } from './hierarchical.ts';
import { doMemberWork } from './member-work.ts';
import { type Finished, memberOf, open, type TaskWork } from './team.ts';

/** @throws what the agents throw, or `consensus/*`. */
export async function* doTask(work: TaskWork, context: RunContext): Work<Finished> {
  const { team, task, brief, contract } = work;
  if (team.process === 'hierarchical') return yield* manage(work, context);
  if (team.process === 'consensus') return yield* agree(work, context);
  const by = memberOf(team, task.agent);
  const tools = task.definition.tools ?? by.definition.tools;
  const messages = open(by, brief);
  return { ...(yield* doMemberWork(team, by, { messages, tools, contract, chain: [] }, context)), by };
}

/** Whoever answered goes on with the same conversation: `feedback` says what is to be better. */
export async function* improve(
  { team, task, contract }: TaskWork,
  { by, messages: said, feedback }: Finished & { readonly feedback: Message },
  context: RunContext,
): Work<Finished> {
  const tools = by === team.manager ? [] : (task.definition.tools ?? by.definition.tools);
  const messages = [...said, feedback];
  return { ...(yield* doMemberWork(team, by, { messages, tools, contract, chain: [] }, context)), by };
}

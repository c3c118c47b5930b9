/**
 * A task under consensus: several agents answer it without seeing each other, and one answer is chosen
 * or made of theirs. One that fails does not matter while enough have answered.
 */
import type { AgentAnswer } from '../agent/loop.ts';
import { toErrorData } from '../base/error-data.ts';
import { RegattaError } from '../base/errors.ts';
import { settleAll } from '../base/settle-all.ts';
import type { RunContext } from '../ports/run-context.ts';
import { decide } from './decide.ts';
import { doMemberWork } from './member-work.ts';
import { type Finished, type Member, memberOf, open, type TaskWork } from './team.ts';

/** Agents that answer one task at once: as tool calls of one turn. */
const CANDIDATE_CONCURRENCY = 8;

type Attempted = Finished | { readonly by: Member; readonly error: unknown };

/** @throws RegattaError `consensus/no-quorum` or `consensus/bad-decision`, or what a judge throws. */
export async function agree(work: TaskWork, context: RunContext): Promise<Finished> {
  const { team, task } = work;
  const { agents, agent } = task.definition;
  const chosen = agents ?? (agent === undefined ? undefined : [agent]);
  const members = chosen?.map((one) => memberOf(team, one)) ?? team.members;
  const { signal } = context;
  const start = (by: Member, index: number): Promise<AgentAnswer> => answerOne(by, index, { work, context });
  const ends = await settleAll(members, start, { limit: CANDIDATE_CONCURRENCY, signal });
  signal.throwIfAborted();
  const attempts = ends.map((ended, index): Attempted => {
    const by = members[index] as Member; // one end for each
    return ended.status === 'fulfilled' ? { ...ended.value, by } : { by, error: ended.reason };
  });
  const answers = attempts.filter((attempt): attempt is Finished => 'text' in attempt);
  checkQuorum(attempts, answers, work);
  const [only] = answers;
  // Where only one was asked there is nothing to decide.
  if (members.length === 1 && only !== undefined) return only;
  return await decide(work, answers, context);
}

function answerOne(
  by: Member,
  index: number,
  { work, context }: { readonly work: TaskWork; readonly context: RunContext },
): Promise<AgentAnswer> {
  const { team, task, brief, contract, key } = work;
  const { onToolFailure, tools = by.definition.tools } = task.definition;
  const place = `${key}candidate-${index + 1}`;
  const messages = open(by, brief);
  return doMemberWork(team, by, { place, messages, tools, onToolFailure, contract, chain: [] }, context);
}

function checkQuorum(
  attempts: readonly Attempted[],
  { length: answered }: readonly Finished[],
  { team, task }: TaskWork,
): void {
  const majority = Math.floor(attempts.length / 2) + 1;
  const quorum = Math.min(team.quorum ?? majority, attempts.length);
  if (answered >= quorum) return;
  const failures = attempts.flatMap((attempt) => ('error' in attempt ? [attempt] : []));
  const failed = failures.map(({ by, error }) => ({ agent: by.name, code: toErrorData(error).code }));
  const list = failed.map(({ agent, code }) => `${agent} (${code})`).join(', ');
  throw new RegattaError(
    'consensus/no-quorum',
    `Task "${task.id}" has ${answered} answers, and its consensus needs ${quorum}. Mend what failed (${list}), or lower the quorum.`,
    { task: task.id, answered, quorum, failed },
    { cause: failures[0]?.error },
  );
}

/**
 * A task under a manager: it plans assignments, the crew does them, it checks them, and it makes one
 * answer of them. Every phase is bounded, and each answer of the manager has a shape that is checked.
 */
import type { RunContext } from '../ports/run-context.ts';
import type { Message } from '../protocol/message.ts';
import { type Assigned, doAssignments, withDependants } from './assignments.ts';
import { planAssignments, resultsOf, reviewAssignments } from './manager.ts';
import { doMemberWork } from './member-work.ts';
import { delegatesFor, type Finished, memberOf, open, type TaskWork } from './team.ts';

/** @throws what the manager throws; the first error, in the plan's order, where no assignment succeeded. */
export async function manage(work: TaskWork, context: RunContext): Promise<Finished> {
  const { team, task, brief, contract, key } = work;
  const manager = memberOf(team, task.agent);
  const delegates = delegatesFor(team, task);
  const request = { team, manager, brief, delegates };
  const plan = await planAssignments(request, context.child(`${key}plan`));
  let results: ReadonlyMap<string, Assigned> = new Map();
  let feedback: ReadonlyMap<string, string> = new Map();
  for (let round = 0; ; round++) {
    const due = round === 0 ? plan : withDependants(plan, [...feedback.keys()]);
    results = await doAssignments({ work, delegates, plan, due, results, feedback, round }, context);
    context.signal.throwIfAborted();
    throwIfAllFailed([...results.values()]);
    if (round === team.maxRevisions) break; // the answer makes do with what there is
    const place = context.child(`${key}review-of-${round + 1}`);
    feedback = await reviewAssignments({ ...request, plan, results }, place);
    if (feedback.size === 0) break;
  }
  const [only] = results.values();
  if (results.size === 1 && only?.status === 'done' && contract === null) return only.output;
  const messages = [...open(manager, brief), composeRequest(resultsOf(plan, results))];
  const asked = { place: `${key}compose`, messages, tools: [], contract, chain: [] };
  return { ...(await doMemberWork(team, manager, asked, context)), by: manager };
}

function throwIfAllFailed(results: readonly Assigned[]): void {
  if (results.some(({ status }) => status === 'done')) return;
  const first = results.find((result) => result.status === 'failed');
  if (first !== undefined) throw first.error;
}

function composeRequest(told: string): Message {
  return Object.freeze({
    role: 'user',
    content: `Your crew has worked on the task. What it gave:\n\n${told}\n\nGive the final answer to the task now. It is read by itself, so say all that belongs to it.`,
  });
}

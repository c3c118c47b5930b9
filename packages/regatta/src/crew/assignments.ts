/** Assignments of a managed task: done by the graph, and done again where the manager sends them back. */
import { messageOf } from '../base/errors.ts';
import { deepFreeze } from '../base/json.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Message } from '../protocol/message.ts';
import type { PlanItem } from '../protocol/team-event.ts';
import { asDelegation } from './delegation.ts';
import { sortGraph } from './graph.ts';
import { doMemberWork } from './member-work.ts';
import { type Outcome, schedule } from './schedule.ts';
import { type Finished, findMember, type Member, open, type TaskWork } from './team.ts';

/** How an assignment ended. */
export type Assigned = Outcome<Finished>;

export interface Assignments {
  readonly work: TaskWork;
  readonly delegates: readonly Member[];
  readonly plan: readonly PlanItem[];
  /** Those to be done now. */
  readonly due: readonly PlanItem[];
  readonly results: ReadonlyMap<string, Assigned>;
  /** What is to be better, by id. */
  readonly feedback: ReadonlyMap<string, string>;
  /** Counts from 0; part of the spans' ids. */
  readonly round: number;
}

/** Agents of one task at work together: as tool calls of one turn. */
const MEMBER_CONCURRENCY = 8;

/** Those sent back, and those that read what they gave. */
export function withDependants(plan: readonly PlanItem[], ids: readonly string[]): readonly PlanItem[] {
  const due = new Set(ids);
  for (const { id, needs } of sortGraph(plan)) if (needs.some((need) => due.has(need))) due.add(id);
  return plan.filter(({ id }) => due.has(id));
}

/** Gives all results in the plan's order, the earlier ones included. Never throws because of an assignment. */
export async function doAssignments(
  given: Assignments,
  context: RunContext,
): Promise<ReadonlyMap<string, Assigned>> {
  const { plan, due, results } = given;
  const dueIds = new Set(due.map(({ id }) => id));
  // What is due is done anew: its dependants wait for that, and read the rest as it is.
  const nodes = due.map((item) => ({ id: item.id, needs: item.needs.filter((id) => dueIds.has(id)), item }));
  const ended = await schedule<(typeof nodes)[number], Finished>(sortGraph(nodes), {
    limit: MEMBER_CONCURRENCY,
    run: ({ item }, fresh) => {
      const before = item.needs.flatMap((id) => {
        const earlier = results.get(id);
        const answer = fresh.get(id) ?? (earlier?.status === 'done' ? earlier.output : undefined);
        return answer === undefined ? [] : [{ task: id, text: answer.text }];
      });
      return doOne(item, { ...given, before }, context);
    },
    skip: () => undefined, // the manager is told
    onFailure: () => (context.signal.aborted ? 'stop' : 'go-on'),
  });
  return new Map(
    plan.flatMap(({ id }) => {
      const outcome = ended.get(id) ?? results.get(id);
      return outcome === undefined ? [] : [[id, outcome] as const];
    }),
  );
}

interface One extends Assignments {
  readonly before: readonly { readonly task: string; readonly text: string }[];
}

async function doOne(item: PlanItem, { work, round, ...given }: One, context: RunContext): Promise<Finished> {
  const { team, task, key } = work;
  const { id, instructions } = item;
  const by = findMember(given.delegates, item.coworker ?? '') as Member; // the plan was checked
  const earlier = given.results.get(id);
  const said = given.feedback.get(id);
  const place = `${key}assignment-${given.plan.indexOf(item) + 1}`;
  const inner = context.child(round === 0 ? place : `${place}-revision-${round}`);
  const wasDone = earlier?.status === 'done';
  const added = said === undefined || wasDone ? '' : `\n\nYour manager adds: ${said}`;
  const brief = {
    description: `${instructions}${added}`,
    expectedOutput: 'A complete result. Your manager sees nothing but it.',
    context: given.before,
    schema: null,
  };
  const again = said !== undefined && wasDone ? sentBack(earlier.output.text, said) : [];
  const messages = [...open(by, brief), ...again];
  const { onToolFailure, tools = by.definition.tools } = task.definition;
  const asked = { place: 'agent', messages, tools, onToolFailure, contract: null, chain: [] };
  const start = { coworker: by.name, kind: 'assignment', instructions } as const;
  const answer = await asDelegation(start, inner, (own) => doMemberWork(team, by, asked, own));
  return { ...answer, by };
}

/** The brief is made anew, for what came before may have changed; the answer and what is wrong with it follow. */
function sentBack(text: string, feedback: string): readonly Message[] {
  return deepFreeze<Message[]>([
    { role: 'assistant', content: [{ type: 'text', text }] },
    {
      role: 'user',
      content: `Your manager sends this back: ${feedback}\n\nGive the whole result again, with that mended.`,
    },
  ]);
}

/** For the manager: what came of one assignment. */
export function toldOf(result: Assigned | undefined): string {
  if (result?.status === 'done') return result.output.text;
  if (result?.status === 'failed') return `(This failed: ${messageOf(result.error)})`;
  return '(This was not done: what it needs did not succeed.)';
}

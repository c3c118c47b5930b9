/** What a manager is asked beside the answer: to plan, and to check. Each answer has a shape. */
import { checkItems, itemsSchema } from '../agent/plan-items.ts';
import { problem, structured } from '../agent/structured.ts';
import { toErrorData } from '../base/error-data.ts';
import type { Problem } from '../base/errors.ts';
import { deepFreeze, type JsonObject } from '../base/json.ts';
import type { Contract } from '../base/schema.ts';
import type { Assignment } from '../context/prompt.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { PlanItem } from '../protocol/team-event.ts';
import { type Assigned, toldOf } from './assignments.ts';
import { doMemberWork, question } from './member-work.ts';
import { findMember, listMembers, type Member, open, type Team } from './team.ts';

export interface ManagerRequest {
  readonly team: Team;
  readonly manager: Member;
  readonly brief: Assignment;
  readonly delegates: readonly Member[];
}

/** More than this is a crew's work, not a task's. */
const MAX_ASSIGNMENTS = 20;

/** @throws what the manager throws, after its `plan.end`. */
export async function planAssignments(
  request: ManagerRequest,
  context: RunContext,
): Promise<readonly PlanItem[]> {
  const { delegates } = request;
  await context.tell({ type: 'plan.start', of: 'task', reason: null });
  try {
    const contract = planContract(delegates);
    const text = `Do not do the task yourself: plan how your crew is to do it. Your crew:\n${listMembers(delegates)}\n\nGive each assignment an id, the coworker, instructions that can be followed without seeing this task, and needs: the ids of the assignments whose results it reads. Assignments that do not need each other are done at once. Make no more of them than the task asks for.`;
    const { items } = await ask({ ...request, text, contract }, context);
    const plan = deepFreeze(items.map((item) => ({ ...item, coworker: nameOf(item, delegates) })));
    await context.tell({ type: 'plan.end', of: 'task', items: plan, error: null });
    return plan;
  } catch (thrown) {
    await context.tell({ type: 'plan.end', of: 'task', items: [], error: toErrorData(thrown) });
    throw thrown;
  }
}

interface Plan {
  readonly items: readonly PlanItem[];
}

/** Names are shown as they are, and taken in any case. */
function planContract(delegates: readonly Member[]): Contract<Plan> {
  const bounds = { minItems: 1, maxItems: MAX_ASSIGNMENTS };
  const text = { type: 'string' };
  const names = { enum: delegates.map(({ name }) => name) };
  return structured<Plan>(itemsSchema({ ...bounds, properties: { coworker: text } }), 'A plan', {
    shown: itemsSchema({ ...bounds, properties: { coworker: names } }),
    check: ({ items }) => [...checkItems(items), ...checkCoworkers(items, delegates)],
  });
}

function checkCoworkers(items: readonly PlanItem[], delegates: readonly Member[]): readonly Problem[] {
  const known = delegates.map(({ name }) => `"${name}"`).join(', ');
  return items.flatMap(({ coworker }, index) =>
    findMember(delegates, coworker ?? '') === undefined
      ? [problem(`items.${index}.coworker`, coworker, `"${coworker}" is not in your crew. Name ${known}.`)]
      : [],
  );
}

/** As the crew has it, however the manager wrote it. */
function nameOf({ coworker }: PlanItem, delegates: readonly Member[]): string | null {
  return findMember(delegates, coworker ?? '')?.name ?? coworker;
}

export interface ReviewRequest extends ManagerRequest {
  readonly plan: readonly PlanItem[];
  readonly results: ReadonlyMap<string, Assigned>;
}

interface Verdict {
  readonly revisions: readonly { readonly assignment: string; readonly feedback: string }[];
}

/** What is to be better, by the id of the assignment; empty = all is accepted. @throws what the manager throws. */
export async function reviewAssignments(
  request: ReviewRequest,
  context: RunContext,
): Promise<ReadonlyMap<string, string>> {
  const { plan, results } = request;
  await context.tell({ type: 'review.start', subjects: plan.map(({ id }) => id) });
  try {
    const contract = structured<Verdict>(VERDICT, 'A review', {
      check: ({ revisions }) => checkNames(revisions, plan),
    });
    const text = `Your crew has worked on the task. What it gave:\n\n${resultsOf(plan, results)}\n\nCheck it against the task. Name the assignments that must be done again, each with what is to be better; name none to accept all.`;
    const { revisions } = await ask({ ...request, text, contract }, context);
    const feedback = new Map(revisions.map((one) => [one.assignment, one.feedback]));
    const told = deepFreeze(Object.fromEntries(feedback));
    const accepted = feedback.size === 0;
    await context.tell({ type: 'review.end', accepted, feedback: told, error: null });
    return feedback;
  } catch (thrown) {
    const error = toErrorData(thrown);
    await context.tell({ type: 'review.end', accepted: null, feedback: {}, error });
    throw thrown;
  }
}

const VERDICT: JsonObject = Object.freeze({
  type: 'object',
  properties: {
    revisions: {
      type: 'array',
      minItems: 0,
      items: {
        type: 'object',
        properties: { assignment: { type: 'string' }, feedback: { type: 'string', minLength: 1 } },
        required: ['assignment', 'feedback'],
        additionalProperties: false,
      },
    },
  },
  required: ['revisions'],
  additionalProperties: false,
});

function checkNames(revisions: Verdict['revisions'], plan: readonly PlanItem[]): readonly Problem[] {
  return revisions
    .filter(({ assignment }) => !plan.some(({ id }) => id === assignment))
    .map(({ assignment }) =>
      problem('revisions', assignment, `There is no assignment "${assignment}". Name one by its id.`),
    );
}

interface Asked<T> extends ManagerRequest {
  readonly text: string;
  readonly contract: Contract<T>;
}

/** One question beside the task, in the manager's own span. */
async function ask<T>({ team, manager, brief, text, contract }: Asked<T>, context: RunContext): Promise<T> {
  // The shape of the task's answer is for later.
  const messages = [...open(manager, { ...brief, schema: null }), question(text, contract)];
  const asked = { place: 'agent', messages, tools: [], contract, chain: [] };
  return (await doMemberWork(team, manager, asked, context)).parsed as T; // by the contract
}

export function resultsOf(plan: readonly PlanItem[], results: ReadonlyMap<string, Assigned>): string {
  return plan
    .map(({ id, coworker, instructions }) => {
      return `## ${id}, by ${coworker}\nInstructions: ${instructions}\n\n${toldOf(results.get(id))}`;
    })
    .join('\n\n');
}

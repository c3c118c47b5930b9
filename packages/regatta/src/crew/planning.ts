/** One plan for all tasks of a run, made before the first one starts. It goes into this run's prompts alone. */
import type { AgentDefinition } from '../agent/definition.ts';
import { structured } from '../agent/structured.ts';
import { toErrorData } from '../base/error-data.ts';
import { deepFreeze, type JsonObject } from '../base/json.ts';
import type { Inputs } from '../base/template.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { PlanItem } from '../protocol/team-event.ts';
import { doMemberWork, question } from './member-work.ts';
import { type CrewPlan, fillIn } from './plan.ts';
import { listMembers, open, type Team } from './team.ts';

interface Planning {
  readonly crew: { readonly plan: CrewPlan };
  readonly team: Team;
  readonly inputs: Inputs;
}

/** By the task's id. */
interface Plans {
  readonly plans: Readonly<Record<string, string>>;
}

export const NO_PLANS: ReadonlyMap<string, string> = new Map();

/** What is planned, by the task's id. @throws what the planner throws. */
export async function planTasks(
  planner: AgentDefinition,
  { crew: { plan }, team, inputs }: Planning,
  outer: RunContext,
): Promise<ReadonlyMap<string, string>> {
  const context = outer.child('plan');
  await context.tell({ type: 'plan.start', of: 'crew', reason: null });
  try {
    const contract = structured<Plans>(schemaOf(plan.ids), 'The plans');
    const member = { name: planner.role, definition: planner, persona: planner };
    const tasks = plan.tasks.map((task) => {
      const { description, expectedOutput, persona } = fillIn(task, inputs);
      return `## ${task.id}\nBy: ${persona.role}\n${description}\nExpected output: ${expectedOutput}`;
    });
    const brief = {
      description: `Plan how each of these tasks is to be done, so that they build on each other.\n\n${tasks.join('\n\n')}\n\nThe crew:\n${listMembers(team.members)}`,
      expectedOutput: 'For each task the steps to take, in a few sentences',
      context: [],
      schema: null,
    };
    const messages = [...open(member, brief), question('Give the plans now.', contract)];
    const asked = { place: 'agent', messages, tools: [], contract, chain: [] };
    const { parsed } = await doMemberWork(team, member, asked, context);
    const { plans } = parsed as Plans; // by the contract
    const items = plan.ids.map((id): PlanItem => {
      return { id, instructions: plans[id] ?? '', coworker: null, needs: [] };
    });
    await context.tell({ type: 'plan.end', of: 'crew', items: deepFreeze(items), error: null });
    return new Map(Object.entries(plans));
  } catch (thrown) {
    await context.tell({ type: 'plan.end', of: 'crew', items: [], error: toErrorData(thrown) });
    throw thrown;
  }
}

/** A field for each task: none can be left out, doubled or invented. */
function schemaOf(ids: readonly string[]): JsonObject {
  const plan = { type: 'string', minLength: 1 };
  const plans = {
    type: 'object',
    properties: Object.fromEntries(ids.map((id) => [id, plan])),
    required: ids,
    additionalProperties: false,
  };
  return { type: 'object', properties: { plans }, required: ['plans'], additionalProperties: false };
}

/** A task's description as its agent is told it. */
export function withPlan(description: string, plan: string | undefined): string {
  return plan === undefined ? description : `${description}\n\nPlan for this task:\n${plan}`;
}

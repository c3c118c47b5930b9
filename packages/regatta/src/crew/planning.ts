/** One plan for all tasks of a run, made before the first one starts. It goes into this run's prompts alone. */
import { problem, structured } from '../agent/structured.ts';
import { toErrorData } from '../base/error-data.ts';
import type { Problem } from '../base/errors.ts';
import { deepFreeze, type JsonObject } from '../base/json.ts';
import type { Inputs } from '../base/template.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import type { PlanItem } from '../protocol/event.ts';
import type { CrewDefinition } from './definition.ts';
import { doMemberWork, question } from './member-work.ts';
import { type CrewPlan, fillIn } from './plan.ts';
import { listMembers, open, type Team } from './team.ts';

interface Planning {
  readonly crew: CrewDefinition & { readonly plan: CrewPlan };
  readonly team: Team;
  readonly inputs: Inputs;
}

interface Plans {
  readonly plans: readonly { readonly task: string; readonly plan: string }[];
}

const NO_PLANS: ReadonlyMap<string, string> = new Map();

/** What is planned, by the task's id; nothing where the crew has no planner. @throws what the planner throws. */
export async function* planTasks(
  { crew, team, inputs }: Planning,
  outer: RunContext,
): Work<ReadonlyMap<string, string>> {
  const { planner, plan } = crew;
  if (planner === undefined) return NO_PLANS;
  const context = outer.child('plan');
  const { span } = context;
  yield { span, body: { type: 'plan.start', of: 'crew', reason: null } };
  try {
    const contract = structured<Plans>(SCHEMA, 'The plans', ({ plans }) => checkTasks(plans, plan.ids));
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
    const { parsed } = yield* doMemberWork(team, member, asked, context);
    const { plans } = parsed as Plans; // by the contract
    const items = plans.map(({ task, plan: instructions }): PlanItem => {
      return { id: task, instructions, coworker: null, needs: [] };
    });
    yield { span, body: { type: 'plan.end', of: 'crew', items: deepFreeze(items), error: null } };
    return new Map(plans.map((one) => [one.task, one.plan]));
  } catch (thrown) {
    yield { span, body: { type: 'plan.end', of: 'crew', items: [], error: toErrorData(thrown) } };
    throw thrown;
  }
}

/** Each task once: crewAI warns of the others and goes on without. */
function checkTasks(named: Plans['plans'], ids: readonly string[]): readonly Problem[] {
  const wrong = named.filter(
    ({ task }, index) => !ids.includes(task) || named.findIndex((one) => one.task === task) < index,
  );
  const missing = ids.filter((id) => !named.some(({ task }) => task === id));
  return [
    ...wrong.map(({ task }) =>
      problem('plans', task, `"${task}" is no task, or is planned twice. Plan each task once.`),
    ),
    ...missing.map((id) => problem('plans', id, `Task "${id}" has no plan. Plan it as well.`)),
  ];
}

const SCHEMA: JsonObject = Object.freeze({
  type: 'object',
  properties: {
    plans: {
      type: 'array',
      items: {
        type: 'object',
        properties: { task: { type: 'string' }, plan: { type: 'string', minLength: 1 } },
        required: ['task', 'plan'],
        additionalProperties: false,
      },
    },
  },
  required: ['plans'],
  additionalProperties: false,
});

/** A task's description as its agent is told it. */
export function withPlan(description: string, plan: string | undefined): string {
  return plan === undefined ? description : `${description}\n\nPlan for this task:\n${plan}`;
}

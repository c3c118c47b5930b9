/** Makes the plan of an agent: steps that need each other, in the model's words and under ids of ours. */
import { toErrorData } from '../base/error-data.ts';
import type { Problem } from '../base/errors.ts';
import { deepFreeze, type JsonObject } from '../base/json.ts';
import type { Contract } from '../base/schema.ts';
import { shapeRequest } from '../model/shaped.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Message } from '../protocol/message.ts';
import type { PlanItem } from '../protocol/team-event.ts';
import type { AgentDefinition } from './definition.ts';
import { converse, type Tallied } from './loop.ts';
import { checkItems, itemsSchema } from './plan-items.ts';
import type { AgentPlanning } from './plan-options.ts';
import { structured } from './structured.ts';

export type Step = Omit<PlanItem, 'coworker'>;

/** What is known when a plan is made: at first, nothing but the task. */
interface Occasion extends Tallied {
  readonly planning: AgentPlanning;
  readonly done?: readonly (Step & { readonly status: 'done' | 'failed'; readonly text: string })[];
  readonly reason?: string;
  /** Counts plans from 1. */
  readonly generation?: number;
}

/** @throws RegattaError `output/invalid`, or what the model throws, after its `plan.end`. */
export async function makePlan(
  agent: AgentDefinition,
  occasion: Occasion,
  context: RunContext,
): Promise<readonly Step[]> {
  const { reason = null, generation = 1, done = [] } = occasion;
  await context.tell({ type: 'plan.start', of: 'agent', reason });
  try {
    const contract = planContract(occasion);
    const answer = await ask(agent, { occasion, contract, request: requestFor(occasion) }, context);
    const known = new Set(done.map(({ id }) => id));
    const { items } = answer;
    const ids = new Map(items.map(({ id }, index) => [id, `${generation}.${index + 1}`] as const));
    const steps = items.map(({ id, instructions, needs }) => ({
      id: ids.get(id) ?? id,
      instructions,
      // A need is one of this plan, or a step that is over.
      needs: needs.flatMap((need) => ids.get(need) ?? (known.has(need) ? [need] : [])),
    }));
    const told = deepFreeze(steps.map((step) => ({ ...step, coworker: null })));
    await context.tell({ type: 'plan.end', of: 'agent', items: told, error: null });
    return steps;
  } catch (thrown) {
    await context.tell({ type: 'plan.end', of: 'agent', items: [], error: toErrorData(thrown) });
    throw thrown;
  }
}

interface Asked<T> {
  readonly occasion: Tallied & { readonly planning: AgentPlanning };
  readonly contract: Contract<T>;
  readonly request: string;
}

/** One structured question beside the conversation, of the model that plans, without tools. */
export async function ask<T>(
  agent: AgentDefinition,
  { occasion, contract, request }: Asked<T>,
  context: RunContext,
): Promise<T> {
  const { llm } = occasion.planning;
  const own = llm && {
    model: context.resolveModel(llm, `The planning of agent "${agent.role}"`),
    modelScope: llm.scope,
  };
  const message: Message = Object.freeze({
    role: 'user',
    content: `${request}\n\n${shapeRequest(contract.jsonSchema)}`,
  });
  const messages = [...occasion.messages, message];
  const answer = await converse(agent, { ...occasion, ...own, messages, tools: [], contract }, context);
  return answer.parsed as T; // by the contract
}

interface Plan {
  readonly items: readonly Step[];
}

function planContract({ planning, done = [], generation = 1 }: Occasion): Contract<Plan> {
  const schema: JsonObject = itemsSchema({
    // When there is something to build on, nothing more to do is a plan too.
    minItems: generation === 1 ? 1 : 0,
    maxItems: planning.maxSteps,
    properties: {},
  });
  const check = ({ items }: Plan): readonly Problem[] =>
    checkItems(
      items,
      done.map(({ id }) => id),
    );
  return structured<Plan>(schema, 'A plan', { check });
}

function requestFor({ tools, planning, done = [], reason }: Occasion): string {
  const means = tools.map(({ name, description }) => `- ${name}: ${description}`).join('\n');
  const offered = means === '' ? '' : `\nTools that a step may use:\n${means}\n`;
  const shape = `Each step has an id, instructions that can be followed without seeing the other steps, and needs: the ids of the steps whose results it reads. Steps that do not need each other are done at once. Give at most ${planning.maxSteps} steps, and no more than the task asks for.`;
  if (reason === undefined) {
    return `Do not answer the task yet: plan it as steps first.${offered}\n${shape}`;
  }
  const results = done.map(({ id, status, text }) => `## ${id} (${status})\n${text}`).join('\n\n');
  return `The plan for the task must be made anew: ${reason}\n\nSteps that are over, which new steps may need by their id:\n\n${results}\n${offered}\nPlan only what is left to do. ${shape}`;
}

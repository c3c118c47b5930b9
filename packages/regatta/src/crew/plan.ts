/**
 * A crew's plan, made once when the crew is made: its tasks as an ordered graph, and what they ask for.
 * A run fills it in with its inputs.
 */
import type { AgentDefinition } from '../agent/definition.ts';
import { Problems } from '../base/problems.ts';
import { checkInputs, checkJson, type Inputs, interpolate, placeholdersOf } from '../base/template.ts';
import type { Persona } from '../context/prompt.ts';
import {
  type ContextStrategy,
  type CrewDefinition,
  isGraph,
  nameOf,
  type TaskDefinition,
} from './definition.ts';
import { sortGraph, type TaskNode } from './graph.ts';

/** A task in its place, its texts still templates. */
export interface PlannedTask extends TaskNode {
  readonly definition: TaskDefinition;
  readonly agent: AgentDefinition;
  /** Ids of the tasks whose outputs go into the prompt, in the crew's order. */
  readonly reads: readonly string[];
  /** Ids of all that is done before it starts, whatever the order of completion, in the crew's order. */
  readonly awaits: readonly string[];
  /** The task's own, or the crew's. */
  readonly contextStrategy: ContextStrategy;
  readonly maxContextTokens: number | undefined;
}

export interface CrewPlan {
  /** Every need before the task that has it. */
  readonly tasks: readonly PlannedTask[];
  /** Ids in the crew's order. */
  readonly ids: readonly string[];
  /** Whether each task waits for the one before it, so that no two are ever at work at once. */
  readonly isChain: boolean;
  /** Names of the inputs that the texts ask for. */
  readonly placeholders: readonly string[];
}

/** `crew` was checked. @throws RegattaError `graph/*`; `definition/invalid` for fields that no schema gives. */
export function planCrew(crew: CrewDefinition): CrewPlan {
  const { agents, tasks } = crew;
  const ids = tasks.map(nameOf);
  const nodes = tasks.map((definition, index) => {
    const reads = readsOf(crew, index).map((at) => ids[at] as string); // an index of the crew's own tasks
    const needs = needsOf(crew, index).map((at) => ids[at] as string); // likewise
    return { id: ids[index] as string, needs, reads, definition }; // below the length
  });
  const awaited = new Map<string, ReadonlySet<string>>();
  const planned = sortGraph(nodes).map((node) => {
    const before = new Set(node.needs.flatMap((id) => [id, ...(awaited.get(id) ?? [])]));
    awaited.set(node.id, before);
    const { contextStrategy, maxContextTokens, agent } = node.definition;
    return Object.freeze({
      ...node,
      agent: leadOf(crew, node.definition, agent),
      awaits: ids.filter((id) => before.has(id)),
      contextStrategy: contextStrategy ?? crew.contextStrategy,
      maxContextTokens: maxContextTokens ?? crew.maxContextTokens,
    });
  });
  checkFields(crew, planned);
  const texts = [
    ...[...agents, ...(crew.manager === undefined ? [] : [crew.manager])].flatMap(
      ({ role, goal, backstory }) => [role, goal, backstory],
    ),
    ...tasks.flatMap(({ description, expectedOutput, outputFile = '' }) => [
      description,
      expectedOutput,
      outputFile,
    ]),
  ];
  const isChain = planned.every(({ needs }, at) => at === 0 || needs.includes(planned[at - 1]?.id ?? ''));
  return Object.freeze({ tasks: Object.freeze(planned), ids, isChain, placeholders: placeholdersOf(texts) });
}

/** Who a task goes by: its agent, the manager, or the first of those who agree. */
function leadOf(
  { manager, agents }: CrewDefinition,
  { agents: own }: TaskDefinition,
  agent: AgentDefinition | undefined,
): AgentDefinition {
  return manager ?? agent ?? own?.[0] ?? (agents[0] as AgentDefinition); // a crew has agents
}

/**
 * Without `context`: all earlier tasks. An async one does not read the async ones that stand right before
 * it, since they are there to run beside it.
 */
function readsOf({ tasks }: CrewDefinition, index: number): readonly number[] {
  const { context, async } = tasks[index] as TaskDefinition; // below the length
  if (context !== undefined) return inOrder(context.map((task) => tasks.indexOf(task)));
  let end = index;
  if (async) while (end > 0 && tasks[end - 1]?.async === true) end--;
  return tasks.slice(0, end).map((_, at) => at);
}

/** What it reads, and what `after` names; in a sequence also the one before it that is not async. */
function needsOf(crew: CrewDefinition, index: number): readonly number[] {
  const { process, tasks } = crew;
  const { after, async } = tasks[index] as TaskDefinition; // below the length
  const turn = !isGraph(process) && !async ? tasks.slice(0, index).findLastIndex(isInTurn) : -1;
  const needs = [...readsOf(crew, index), ...after.map((task) => tasks.indexOf(task))];
  return inOrder(turn < 0 ? needs : [...needs, turn]);
}

function isInTurn({ async }: TaskDefinition): boolean {
  return !async;
}

function inOrder(indexes: readonly number[]): readonly number[] {
  return [...new Set(indexes)].sort((a, b) => a - b);
}

/** Fields are picked from typed outputs: where there is none, the task would be told nothing. */
function checkFields({ name }: CrewDefinition, planned: readonly PlannedTask[]): void {
  const problems = new Problems(`Crew "${name}"`);
  const typed = new Set(planned.filter(({ definition }) => definition.contract !== null).map(({ id }) => id));
  for (const { id, reads, contextStrategy } of planned) {
    if (typeof contextStrategy === 'string') continue;
    for (const read of reads.filter((other) => !typed.has(other))) {
      problems.add(
        `tasks.${id}.contextStrategy`,
        contextStrategy,
        `Task "${id}" reads fields of task "${read}", which has no output schema. Give that task an output, or choose another contextStrategy.`,
      );
    }
  }
  problems.throwIfAny();
}

/** A task's texts for one run. */
export interface Brief {
  readonly persona: Persona;
  readonly description: string;
  readonly expectedOutput: string;
}

export function fillIn({ agent, definition }: PlannedTask, inputs: Inputs): Brief {
  const fill = (text: string): string => interpolate(text, inputs);
  return {
    persona: { role: fill(agent.role), goal: fill(agent.goal), backstory: fill(agent.backstory) },
    description: fill(definition.description),
    expectedOutput: fill(definition.expectedOutput),
  };
}

/** @throws RegattaError `inputs/missing` or `inputs/not-json` naming every one. */
export function checkRunInputs({ placeholders }: CrewPlan, inputs: Inputs): void {
  checkJson(inputs);
  checkInputs(placeholders, inputs);
}

/** A task and those that may read what it gives, directly or not; undefined = the plan has no such task. */
export function affectedBy({ tasks, ids }: CrewPlan, task: string): ReadonlySet<string> | undefined {
  if (!ids.includes(task)) return undefined;
  const affected = new Set([task]);
  // Every need stands before the task that has it, so one pass finds all.
  for (const { id, needs } of tasks) if (needs.some((need) => affected.has(need))) affected.add(id);
  return affected;
}

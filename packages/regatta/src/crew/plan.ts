/**
 * A crew's plan, made once when the crew is made: its tasks as an ordered graph, and what they ask for.
 * A run fills it in with its inputs.
 */
import type { AgentDefinition } from '../agent/definition.ts';
import { checkInputs, checkJson, type Inputs, interpolate, placeholdersOf } from '../base/template.ts';
import type { Persona } from '../context/prompt.ts';
import { nameOf, type TaskDefinition } from './definition.ts';
import { sortGraph, type TaskNode } from './graph.ts';

/** A task in its place, its texts still templates. */
export interface PlannedTask extends TaskNode {
  readonly definition: TaskDefinition;
  readonly agent: AgentDefinition;
  /** Ids of the tasks whose outputs go into the prompt, in the crew's order. */
  readonly reads: readonly string[];
}

export interface CrewPlan {
  /** Every need before the task that has it. */
  readonly tasks: readonly PlannedTask[];
  /** Ids in the crew's order. */
  readonly ids: readonly string[];
  /** Names of the inputs that the texts ask for. */
  readonly placeholders: readonly string[];
}

/** `agents` and `tasks` are those of a crew that was checked. @throws RegattaError `graph/*` */
export function planCrew(agents: readonly AgentDefinition[], tasks: readonly TaskDefinition[]): CrewPlan {
  const ids = tasks.map(nameOf);
  const idOf = (task: TaskDefinition): string => ids[tasks.indexOf(task)] as string; // context holds the crew's own tasks
  const planned = tasks.map((definition, index) => {
    const { context, agent } = definition;
    const reads = context?.map(idOf) ?? ids.slice(0, index);
    // Sequential: each task waits for the one before it, whatever it reads.
    const needs = [...new Set([...reads, ...ids.slice(Math.max(0, index - 1), index)])];
    return { id: idOf(definition), needs, reads, definition, agent: agent as AgentDefinition }; // every task has one
  });
  const texts = [
    ...agents.flatMap(({ role, goal, backstory }) => [role, goal, backstory]),
    ...tasks.flatMap(({ description, expectedOutput }) => [description, expectedOutput]),
  ];
  return Object.freeze({ tasks: sortGraph(planned), ids, placeholders: placeholdersOf(texts) });
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

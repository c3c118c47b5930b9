/** A crew and its inputs, resolved once into what a run needs: a graph of tasks, all texts filled in. */
import type { AgentDefinition } from '../agent/definition.ts';
import { checkInputs, checkJson, type Inputs, interpolate } from '../base/template.ts';
import type { Persona } from '../context/prompt.ts';
import { type CrewDefinition, nameOf, type TaskDefinition } from './definition.ts';
import type { TaskNode } from './graph.ts';

export interface PlannedTask extends TaskNode {
  readonly definition: TaskDefinition;
  readonly agent: AgentDefinition;
  readonly persona: Persona;
  readonly description: string;
  readonly expectedOutput: string;
  /** Ids of the tasks whose outputs go into the prompt, in the crew's order. */
  readonly reads: readonly string[];
}

/** @throws RegattaError `inputs/missing` or `inputs/not-json` naming every one. */
export function planCrew({ agents, tasks }: CrewDefinition, inputs: Inputs): readonly PlannedTask[] {
  const texts = [
    ...agents.flatMap(({ role, goal, backstory }) => [role, goal, backstory]),
    ...tasks.flatMap(({ description, expectedOutput }) => [description, expectedOutput]),
  ];
  checkJson(inputs);
  checkInputs(texts, inputs);
  const fill = (text: string): string => interpolate(text, inputs);
  const ids = tasks.map(nameOf);
  return tasks.map((definition, index) => {
    const agent = definition.agent as AgentDefinition; // checked when the crew was made
    const reads =
      definition.context?.map((task) => ids[tasks.indexOf(task)] as string) ?? ids.slice(0, index); // checked too
    return {
      id: ids[index] as string, // one for each task
      // Sequential: each task waits for the one before it, whatever it reads.
      needs: index === 0 ? [] : [...new Set([...reads, ids[index - 1] as string])], // index - 1 is at least 0
      reads,
      definition,
      agent,
      persona: { role: fill(agent.role), goal: fill(agent.goal), backstory: fill(agent.backstory) },
      description: fill(definition.description),
      expectedOutput: fill(definition.expectedOutput),
    };
  });
}

/** Tasks and crews as data: checked once, then the same object serves any number of runs. */
import { type AgentDefinition, checkTools } from '../agent/definition.ts';
import { Problems, show } from '../base/problems.ts';
import type { Contract } from '../base/schema.ts';
import type { Inputs } from '../base/template.ts';
import { type Allowance, checkAllowance } from '../observe/allowance.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Scope } from '../ports/scope.ts';
import type { Tool } from '../ports/tool.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';

export interface TaskDefinition<Parsed = unknown> {
  /** Undefined = `task-1`, `task-2`, … by its place in the crew. */
  readonly name: string | undefined;
  readonly description: string;
  readonly expectedOutput: string;
  readonly agent: AgentDefinition | undefined;
  /** Tasks whose outputs it reads; undefined = all earlier ones. */
  readonly context: readonly TaskDefinition[] | undefined;
  /** Replaces the agent's tools for this task. */
  readonly tools: readonly Tool[] | undefined;
  readonly contract: Contract<Parsed> | null;
  readonly scope: Scope;
}

/** What a run is, to whoever makes its context. */
export interface ContextRequest {
  readonly runId: string;
  readonly inputs: Inputs;
}

/** Makes what tools get as `context`. */
export type CreateContext = (run: ContextRequest) => unknown;

export type Process = 'sequential';

export interface CrewDefinition extends Allowance {
  readonly name: string;
  readonly agents: readonly AgentDefinition[];
  readonly tasks: readonly TaskDefinition[];
  readonly process: Process;
  /** For agents without one of their own. */
  readonly llm: LlmDefinition | undefined;
  readonly ref: CrewRef | undefined;
  readonly createContext: CreateContext | undefined;
  readonly scope: Scope;
}

/** @throws RegattaError `definition/invalid` with everything that is wrong. */
export function checkTask(task: TaskDefinition): void {
  const problems = new Problems(`Task "${task.name ?? task.description}"`);
  if (task.name !== undefined) problems.text('name', task.name);
  if (task.name?.includes('/')) {
    problems.add(
      'name',
      task.name,
      `name must not hold "/", got "${task.name}". It is part of the ids of events.`,
    );
  }
  problems.text('description', task.description);
  problems.text('expectedOutput', task.expectedOutput);
  if (task.tools !== undefined) checkTools(problems, task.tools);
  problems.throwIfAny();
}

/** @throws RegattaError `definition/invalid` with everything that is wrong. */
export function checkCrew(crew: CrewDefinition): void {
  const { name, agents, tasks, process } = crew;
  const problems = new Problems(`Crew "${name}"`);
  problems.text('name', name);
  checkAllowance(problems, crew);
  if (process !== 'sequential') {
    problems.add(
      'process',
      process,
      `process must be "sequential", got ${show(process)}. Correct it or leave it out.`,
    );
  }
  if (agents.length === 0) problems.add('agents', agents, 'agents is empty. Give at least one agent.');
  if (tasks.length === 0) problems.add('tasks', tasks, 'tasks is empty. Give at least one task.');
  const names = new Set<string>();
  for (const [index, task] of tasks.entries()) {
    const field = `tasks[${index}]`;
    const taskName = nameOf(task, index);
    if (names.has(taskName)) {
      problems.add(
        `${field}.name`,
        taskName,
        `${field} is a second task called "${taskName}". Rename one of them.`,
      );
    }
    names.add(taskName);
    if (task.agent === undefined) {
      problems.add(
        `${field}.agent`,
        undefined,
        `${field} ("${taskName}") has no agent. Give it one of the crew's agents.`,
      );
    } else if (!agents.includes(task.agent)) {
      const { role } = task.agent;
      problems.add(
        `${field}.agent`,
        role,
        `${field} ("${taskName}") has agent "${role}", who is not in agents. Add the agent to the crew.`,
      );
    }
    for (const needed of task.context ?? []) {
      const at = tasks.indexOf(needed);
      if (at >= 0 && at < index) continue;
      const where = at < 0 ? 'is not in the crew' : 'does not come before it';
      problems.add(
        `${field}.context`,
        needed.name,
        `${field} ("${taskName}") reads task "${needed.name ?? needed.description}", which ${where}. List that task earlier, or take it out of context.`,
      );
    }
  }
  problems.throwIfAny();
}

/** A task's name in its crew. */
export function nameOf({ name }: TaskDefinition, index: number): string {
  return name ?? `task-${index + 1}`;
}

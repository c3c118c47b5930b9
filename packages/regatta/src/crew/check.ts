/** What must be true of a task and a crew, so that a mistake costs no tokens. */
import { checkTools } from '../agent/definition.ts';
import { Problems, show } from '../base/problems.ts';
import { checkFiles } from '../context/input-files.ts';
import { checkGuardrails } from '../guardrail/definition.ts';
import { checkAllowance } from '../observe/allowance.ts';
import { checkFailurePolicy } from '../tool/failure-policy.ts';
import {
  type ContextStrategy,
  type CrewDefinition,
  isGraph,
  nameOf,
  type TaskDefinition,
} from './definition.ts';

/** A mark and a few words: less says nothing. */
const MIN_CONTEXT_TOKENS = 50;

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
  checkContextOptions(problems, task);
  problems.integer('retries', task.retries, 0);
  checkGuardrails(problems, task.guardrails);
  problems.integer('guardrailMaxRetries', task.guardrailMaxRetries, 0);
  checkFiles(problems, task.inputFiles);
  checkFunction(problems, 'when', task.when);
  checkFunction(problems, 'callback', task.callback);
  checkFailurePolicy(problems, 'onToolFailure', task.onToolFailure);
  if (task.outputFile !== undefined) checkOutputFile(problems, task.outputFile);
  problems.throwIfAny();
}

/** @throws RegattaError `definition/invalid` with everything that is wrong. */
export function checkCrew(crew: CrewDefinition): void {
  const { name, agents, tasks, process } = crew;
  const problems = new Problems(`Crew "${name}"`);
  problems.text('name', name);
  checkAllowance(problems, crew);
  checkChoice(problems, 'process', process, ['sequential', 'graph', 'hierarchical', 'consensus']);
  checkChoice(problems, 'onTaskFailure', crew.onTaskFailure, ['cancel', 'spare']);
  checkFailurePolicy(problems, 'onToolFailure', crew.onToolFailure);
  problems.integer('concurrency', crew.concurrency, 1);
  checkContextOptions(problems, crew);
  for (const [index, hook] of crew.beforeKickoff.entries())
    checkFunction(problems, `beforeKickoff[${index}]`, hook);
  for (const [index, hook] of crew.afterKickoff.entries())
    checkFunction(problems, `afterKickoff[${index}]`, hook);
  checkFunction(problems, 'taskCallback', crew.taskCallback);
  if (crew.outputDirectory !== undefined) problems.text('outputDirectory', crew.outputDirectory);
  if (agents.length === 0) problems.add('agents', agents, 'agents is empty. Give at least one agent.');
  if (tasks.length === 0) problems.add('tasks', tasks, 'tasks is empty. Give at least one task.');
  const names = new Set<string>();
  for (const [index, task] of tasks.entries()) {
    const taskName = nameOf(task, index);
    if (names.has(taskName)) {
      problems.add(
        `tasks[${index}].name`,
        taskName,
        `tasks[${index}] is a second task called "${taskName}". Rename one of them.`,
      );
    }
    names.add(taskName);
    checkPlace(problems, crew, index);
  }
  problems.throwIfAny();
}

/** A task among the others: its agent, and the tasks that it waits for. */
function checkPlace(problems: Problems, crew: CrewDefinition, index: number): void {
  const { agents, tasks, process } = crew;
  const task = tasks[index] as TaskDefinition; // below the length
  const field = `tasks[${index}]`;
  const name = nameOf(task, index);
  const hasOthers = process === 'hierarchical' || process === 'consensus'; // a manager, or all together
  if (task.agent === undefined) {
    if (!hasOthers) {
      const message = `${field} ("${name}") has no agent. Give it one of the crew's agents.`;
      problems.add(`${field}.agent`, undefined, message);
    }
  } else if (!agents.includes(task.agent)) {
    const { role } = task.agent;
    problems.add(
      `${field}.agent`,
      role,
      `${field} ("${name}") has agent "${role}", who is not in agents. Add the agent to the crew.`,
    );
  }
  checkNeeds(problems, crew, index);
}

function checkNeeds(problems: Problems, { tasks, process }: CrewDefinition, index: number): void {
  const task = tasks[index] as TaskDefinition; // below the length
  const field = `tasks[${index}]`;
  const name = nameOf(task, index);
  for (const [option, verb, needs] of [
    ['context', 'reads', task.context ?? []],
    ['after', 'waits for', task.after],
  ] as const) {
    for (const needed of needs) {
      const at = tasks.indexOf(needed);
      if (at >= 0 && (at < index || isGraph(process))) continue;
      const where = at < 0 ? 'is not in the crew' : 'does not come before it';
      problems.add(
        `${field}.${option}`,
        needed?.name,
        `${field} ("${name}") ${verb} task "${needed?.name ?? needed?.description}", which ${where}. List that task earlier, or take it out of ${option}.`,
      );
    }
  }
}

function checkContextOptions(
  problems: Problems,
  {
    contextStrategy: strategy,
    maxContextTokens,
  }: {
    readonly contextStrategy: ContextStrategy | undefined;
    readonly maxContextTokens: number | undefined;
  },
): void {
  problems.integer('maxContextTokens', maxContextTokens, MIN_CONTEXT_TOKENS);
  if (strategy === undefined || ['full', 'summary', 'none'].includes(strategy as string)) return;
  const fields: unknown = typeof strategy === 'object' ? strategy?.fields : undefined;
  if (Array.isArray(fields) && fields.length > 0 && fields.every((name) => typeof name === 'string')) return;
  problems.add(
    'contextStrategy',
    strategy,
    `contextStrategy must be "full", "summary", "none" or { fields: ["name"] }, got ${show(strategy)}. Correct it or leave it out.`,
  );
}

/** The template: what its placeholders become is looked at when the file is written. */
function checkOutputFile(problems: Problems, file: string): void {
  problems.text('outputFile', file);
  const isRelative = typeof file === 'string' && !/^([/\\]|[A-Za-z]:|~)/.test(file) && !file.includes('\0');
  if (isRelative && !/[/\\]$/.test(file) && !file.split(/[/\\]/).includes('..')) return;
  problems.add(
    'outputFile',
    file,
    `outputFile must be the path of a file below the output directory, got ${show(file)}. Write it without "..", "~" and a leading "/".`,
  );
}

function checkChoice(problems: Problems, field: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  const list = choices.map((choice) => `"${choice}"`).join(' or ');
  problems.add(field, value, `${field} must be ${list}, got ${show(value)}. Correct it or leave it out.`);
}

function checkFunction(problems: Problems, field: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  problems.add(
    field,
    value,
    `${field} must be a function, got ${show(value)}. Give a function, or leave it out.`,
  );
}

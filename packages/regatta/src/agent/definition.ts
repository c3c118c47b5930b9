/** An agent as data. It holds nothing of a run, so one agent may work in many runs at once. */
import { Problems } from '../base/problems.ts';
import type { PromptStyle } from '../context/style.ts';
import type { Memory } from '../ports/memory.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Scope } from '../ports/scope.ts';
import type { Skill } from '../ports/skill.ts';
import type { OnFailure, Tool } from '../ports/tool.ts';
import { checkExtras } from './check-extras.ts';
import type { OnMemoryFailure } from './memories.ts';
import { type AgentPlanning, checkPlanning } from './plan-options.ts';
import type { StepCallback } from './step.ts';

export interface AgentDefinition extends PromptStyle {
  /** What it is, and its name in events and usage. May hold placeholders. */
  readonly role: string;
  readonly goal: string;
  readonly backstory: string;
  /** Undefined = the crew's, else the runtime's. */
  readonly llm: LlmDefinition | undefined;
  readonly tools: readonly Tool[];
  /** Model calls that may ask for tools. After them comes one forced final answer. At least 1. */
  readonly maxIter: number;
  /** Milliseconds for one task; undefined = no limit of its own. */
  readonly maxExecutionTimeMs: number | undefined;
  /** Answers that may be sent back because they do not fit the output schema. */
  readonly maxOutputRetries: number;
  /** Works by a plan; undefined = straight on. */
  readonly planning: AgentPlanning | undefined;
  /** May hand work and questions to other agents of its crew. */
  readonly allowDelegation: boolean;
  /** Whom it may ask, as agents or by role; undefined = all others. */
  readonly allowedDelegates: readonly (AgentDefinition | string)[] | undefined;
  /** Whether conversations are made to fit the model's context window. */
  readonly respectContextWindow: boolean;
  /** Whether it is told the day on which the run started. */
  readonly injectDate: boolean;
  /** As `strftime` takes it. */
  readonly dateFormat: string;
  readonly timeZone: string;
  /** How tools are called: by the provider's own means, or in the text of an answer. */
  readonly toolProtocol: ToolProtocol;
  /** Kept by an entry of its scope, so that every engine keeps it. */
  readonly maxRpm: number | undefined;
  readonly stepCallback: StepCallback | undefined;
  /** For tools that do not say; undefined = the crew's, else the model is told. */
  readonly onToolFailure: OnFailure | undefined;
  readonly memory: readonly Memory[];
  readonly knowledge: readonly Memory[];
  readonly maxRecallTokens: number;
  readonly onMemoryFailure: OnMemoryFailure;
  readonly skills: readonly Skill[];
  readonly scope: Scope;
}

export type ToolProtocol = 'native' | 'text';

/** crewAI's default: enough for long research, and a stop for a model that goes in circles. */
export const MAX_ITER = 25;
export const MAX_OUTPUT_RETRIES = 2;
/** Some pages of notes: enough to help, and little beside a task. */
export const MAX_RECALL_TOKENS = 2000;
/** ISO 8601: the same to every reader. */
export const DATE_FORMAT = '%Y-%m-%d';
export const TIME_ZONE = 'UTC';

/** @throws RegattaError `definition/invalid` with everything that is wrong. */
export function checkAgent(agent: AgentDefinition): void {
  const problems = new Problems(`Agent "${agent.role}"`);
  problems.text('role', agent.role);
  problems.text('goal', agent.goal);
  if (typeof agent.backstory !== 'string') {
    problems.add('backstory', agent.backstory, 'backstory must be a string. Give a text, or leave it out.');
  }
  problems.integer('maxIter', agent.maxIter, 1);
  problems.duration('maxExecutionTimeMs', agent.maxExecutionTimeMs);
  problems.integer('maxOutputRetries', agent.maxOutputRetries, 0);
  checkTools(problems, agent.tools);
  checkPlanning(problems, agent.planning);
  checkExtras(problems, agent);
  problems.throwIfAny();
}

/** Tools must be tools, and a model must be able to tell them apart. */
export function checkTools(problems: Problems, tools: readonly Tool[]): void {
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const field = `tools[${index}]`;
    if (typeof tool?.execute !== 'function' || typeof tool.parse !== 'function') {
      problems.add(
        field,
        tool,
        `${field} is not a tool. Make it with defineTool({ name, description, input, execute }).`,
      );
      continue;
    }
    if (names.has(tool.name)) {
      problems.add(field, tool.name, `${field} is a second tool called "${tool.name}". Rename one of them.`);
    }
    names.add(tool.name);
  }
}

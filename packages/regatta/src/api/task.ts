/** `Task`: what is to be done. */
import { type Contract, createContract, type ParsedBy, type Schema } from '../base/schema.ts';
import { checkTask, type TaskDefinition } from '../crew/definition.ts';
import type { Scope } from '../ports/scope.ts';
import type { Tool } from '../ports/tool.ts';
import type { Agent } from './agent.ts';
import { type Callback, toScope } from './callback.ts';

export interface TaskOptions<S extends Schema | undefined> {
  /** Its name in events, usage and other tasks' prompts. @default `task-1`, … by its place in the crew */
  readonly name?: string;
  /** What is to be done. May hold `{placeholders}`, as `expectedOutput`. */
  readonly description: string;
  /** What a good answer looks like. */
  readonly expectedOutput: string;
  readonly agent?: Agent;
  /** Earlier tasks whose outputs the agent is told. @default all earlier ones */
  readonly context?: readonly TaskDefinition[];
  /** Instead of the agent's tools. @default the agent's */
  readonly tools?: readonly Tool[];
  /** The answer's shape: Zod, another Standard Schema, or a JSON Schema object. @default free text */
  readonly output?: S;
  /** Hear the events of this task, in every run. */
  readonly callbacks?: readonly Callback[];
}

/**
 * What is to be done, by whom, and in which shape. Frozen; one task may be part of any number of
 * crews and runs at once.
 *
 * @throws RegattaError `definition/invalid` or `schema/unsupported`.
 */
export class Task<S extends Schema | undefined = undefined> implements TaskDefinition<ParsedBy<S>> {
  readonly name: string | undefined;
  readonly description: string;
  readonly expectedOutput: string;
  readonly agent: Agent | undefined;
  readonly context: readonly TaskDefinition[] | undefined;
  readonly tools: readonly Tool[] | undefined;
  readonly contract: Contract<ParsedBy<S>> | null;
  readonly scope: Scope;

  constructor(options: TaskOptions<S>) {
    const { name, description, expectedOutput, agent, context, tools, output, callbacks } = options;
    const subject = `Task "${name ?? description}"`;
    this.name = name;
    this.description = description;
    this.expectedOutput = expectedOutput;
    this.agent = agent;
    this.context = context === undefined ? undefined : Object.freeze([...context]);
    this.tools = tools === undefined ? undefined : Object.freeze([...tools]);
    this.contract = output === undefined ? null : createContract(output as Schema<ParsedBy<S>>, subject); // ParsedBy is what this schema parses to
    this.scope = toScope(callbacks, subject);
    checkTask(this);
    Object.freeze(this);
  }
}

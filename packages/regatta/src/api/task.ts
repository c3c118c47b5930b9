/** `Task`: what is to be done. */
import { type Contract, createContract, type ParsedBy, type Schema } from '../base/schema.ts';
import { type FileSources, type InputFile, toFileSources } from '../context/input-files.ts';
import { checkTask } from '../crew/check.ts';
import {
  type ContextStrategy,
  copyStrategy,
  type TaskCallback,
  type TaskCondition,
  type TaskDefinition,
} from '../crew/definition.ts';
import {
  GUARDRAIL_MAX_RETRIES,
  type Guardrail,
  type GuardrailDefinition,
  toGuardrails,
} from '../guardrail/definition.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Scope } from '../ports/scope.ts';
import type { OnFailure, Tool } from '../ports/tool.ts';
import type { Agent } from './agent.ts';
import { type Callback, toScope } from './callback.ts';
import { type LlmInput, toLlm } from './llm.ts';

export interface TaskOptions<S extends Schema | undefined> {
  /** Its name in events, usage and other tasks' prompts. @default `task-1`, … by its place in the crew */
  readonly name?: string;
  /** What is to be done. May hold `{placeholders}`, as `expectedOutput`. */
  readonly description: string;
  /** What a good answer looks like. */
  readonly expectedOutput: string;
  readonly agent?: Agent;
  /** In a crew with the process `consensus`: who answers. @default `agent`, else all agents of the crew */
  readonly agents?: readonly Agent[];
  /** Tasks whose outputs the agent is told. @default all earlier ones */
  readonly context?: readonly TaskDefinition[];
  /** Tasks that it waits for without reading them. @default none */
  readonly after?: readonly TaskDefinition[];
  /** Starts as soon as what it reads is done, and holds up nobody who does not read it. @default false */
  readonly async?: boolean;
  /**
   * Whether it is to be done, by the outputs of all tasks that it waits for, in the crew's order. If not,
   * it is skipped: those who read it find an empty output. What it throws fails the task. @default always
   */
  readonly when?: TaskCondition;
  /** How the outputs that it reads are told. @default the crew's */
  readonly contextStrategy?: ContextStrategy;
  /** Tokens that they may take, estimated, at least 50; the oldest are cut first. @default the crew's */
  readonly maxContextTokens?: number;
  /** Times that it is done anew after a failure. @default 0 */
  readonly retries?: number;
  /** Who looks at an answer before it counts: functions, or sentences that a model judges by. @default none */
  readonly guardrails?: readonly Guardrail<ParsedBy<S>>[];
  /** Judges the sentences. @default the agent's */
  readonly guardrailLlm?: LlmInput;
  /** Answers that guardrails may send back. @default 3 */
  readonly guardrailMaxRetries?: number;
  /** File below the output directory that the answer is written to. May hold `{placeholders}`. @default none */
  readonly outputFile?: string;
  /** Asks for the answer in Markdown. @default false */
  readonly markdown?: boolean;
  /** Files that the agent is shown, by name. @default none */
  readonly inputFiles?: Readonly<Record<string, InputFile>>;
  /** Has a person review the answer, and sends it back until the person accepts it. @default false */
  readonly humanInput?: boolean;
  /** Gets what the task gave. It is waited for; what it throws fails the task. @default none */
  readonly callback?: TaskCallback<ParsedBy<S>>;
  /** What a failure of a tool that does not say comes to: the model is told, or the task fails. @default the agent's, else the crew's */
  readonly onToolFailure?: OnFailure | undefined;
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
  readonly agents: readonly Agent[] | undefined;
  readonly context: readonly TaskDefinition[] | undefined;
  readonly after: readonly TaskDefinition[];
  readonly async: boolean;
  readonly when: TaskCondition | undefined;
  readonly contextStrategy: ContextStrategy | undefined;
  readonly maxContextTokens: number | undefined;
  readonly retries: number;
  readonly guardrails: readonly GuardrailDefinition[];
  readonly guardrailLlm: LlmDefinition | undefined;
  readonly guardrailMaxRetries: number;
  readonly outputFile: string | undefined;
  readonly markdown: boolean;
  readonly inputFiles: FileSources;
  readonly humanInput: boolean;
  readonly onToolFailure: OnFailure | undefined;
  readonly callback: TaskCallback | undefined;
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
    this.agents = options.agents && Object.freeze([...options.agents]);
    this.context = context === undefined ? undefined : Object.freeze([...context]);
    this.after = Object.freeze([...(options.after ?? [])]);
    this.async = options.async ?? false;
    this.when = options.when;
    this.contextStrategy = copyStrategy(options.contextStrategy);
    this.maxContextTokens = options.maxContextTokens;
    this.retries = options.retries ?? 0;
    this.guardrails = toGuardrails(options.guardrails);
    this.guardrailLlm = toLlm(options.guardrailLlm);
    this.guardrailMaxRetries = options.guardrailMaxRetries ?? GUARDRAIL_MAX_RETRIES;
    this.outputFile = options.outputFile;
    this.markdown = options.markdown ?? false;
    this.inputFiles = toFileSources(options.inputFiles);
    this.humanInput = options.humanInput ?? false;
    this.onToolFailure = options.onToolFailure;
    this.callback = options.callback as TaskCallback | undefined; // it gets what this task's schema parsed
    this.tools = tools === undefined ? undefined : Object.freeze([...tools]);
    this.contract = output === undefined ? null : createContract(output as Schema<ParsedBy<S>>, subject); // ParsedBy is what this schema parses to
    this.scope = toScope(callbacks, subject);
    checkTask(this);
    Object.freeze(this);
  }
}

/** `Agent`: who does the work. */

import {
  type AgentDefinition,
  checkAgent,
  DATE_FORMAT,
  MAX_ITER,
  MAX_OUTPUT_RETRIES,
  MAX_RECALL_TOKENS,
  TIME_ZONE,
  type ToolProtocol,
} from '../agent/definition.ts';
import type { OnMemoryFailure } from '../agent/memories.ts';
import { type AgentPlanning, type Effort, withPlanningDefaults } from '../agent/plan-options.ts';
import type { StepCallback } from '../agent/step.ts';
import type { ParsedBy, Schema } from '../base/schema.ts';
import { agentFingerprint } from '../crew/fingerprint.ts';
import { extendScope } from '../observe/scope.ts';
import type { Memory } from '../ports/memory.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Scope } from '../ports/scope.ts';
import type { Skill } from '../ports/skill.ts';
import type { OnFailure, Tool } from '../ports/tool.ts';
import type { Run } from '../run/run.ts';
import type { StartOptions } from '../run/runtime-options.ts';
import type { AgentKickoffOptions, AgentOutput, AgentResumeOptions } from './agent-options.ts';
import {
  type AgentRequest,
  type AgentTerms,
  createAgentRequest,
  createTerms,
  requestOf,
} from './agent-request.ts';
import { agentJob } from './agent-run.ts';
import { AgentStream } from './agent-stream.ts';
import type { CallInput } from './call.ts';
import { type Callback, toScope } from './callback.ts';
import { defaultCore } from './core.ts';
import { openNamed } from './integrations.ts';
import { type LlmInput, toLlm } from './llm.ts';
import { resumeRun } from './resume-run.ts';

export interface AgentOptions {
  /** Who it is: its name in events, usage and prompts. May hold `{placeholders}`, as `goal` and `backstory`. */
  readonly role: string;
  /** What it is after. */
  readonly goal: string;
  /** What it knows and how it works. @default '' */
  readonly backstory?: string;
  /** `provider/model`, an `LLM`, or a model object. @default the crew's, else the runtime's */
  readonly llm?: LlmInput;
  /** @default none */
  readonly tools?: readonly Tool[];
  /** Model calls that may ask for tools; after them comes one forced final answer. @default 25 */
  readonly maxIter?: number;
  /** Milliseconds for one task. @default no limit */
  readonly maxExecutionTimeMs?: number | undefined;
  /** Answers that may be sent back because they do not fit the output schema. @default 2 */
  readonly maxOutputRetries?: number;
  /**
   * Plan the task as steps, do them by what they need, look at what they gave, and plan anew where that is
   * needed. `true` = with every default. @default false
   */
  readonly planning?: boolean | PlanningOptions;
  /** Give it tools to hand work to other agents of its crew, and to ask them. Without a crew it has nobody. @default false */
  readonly allowDelegation?: boolean;
  /** Whom it may ask, as agents or by role. @default all others of the crew */
  readonly allowedDelegates?: readonly (AgentDefinition | string)[];
  /**
   * Whether conversations are made to fit the model's context window: old results of tools are shortened,
   * older turns summed up or left out. Where the window is not known, only what the provider refuses is.
   * `false`: what does not fit fails with `model/context-length`. @default true
   */
  readonly respectContextWindow?: boolean;
  /** `false`: what the system would say stands in the message of the user, for models without that role. @default true */
  readonly useSystemPrompt?: boolean;
  /** Around the system message, with `{{ .System }}` in its place. @default none */
  readonly systemTemplate?: string | undefined;
  /** Around the task, with `{{ .Prompt }}` in its place. @default none */
  readonly promptTemplate?: string | undefined;
  /** What stands before `{{ .Response }}` ends the prompt, and what stands behind it ends answers. @default none */
  readonly responseTemplate?: string | undefined;
  /** Tells the agent the day on which the run started. @default false */
  readonly injectDate?: boolean;
  /** For `injectDate`, with directives of `strftime`. @default '%Y-%m-%d' */
  readonly dateFormat?: string;
  /** For `injectDate`: an IANA time zone. The agent is told it, too. @default 'UTC' */
  readonly timeZone?: string;
  /** `text`: tools are called in the text of answers, for models that know no tools. @default 'native' */
  readonly toolProtocol?: ToolProtocol;
  /** Requests to models in a minute, by all its runs in one runtime together. @default no limit */
  readonly maxRpm?: number | undefined;
  /** What a failure of a tool that does not say comes to: the model is told, or the work fails. @default the crew's */
  readonly onToolFailure?: OnFailure | undefined;
  /** Called and waited for after each turn of the model. What it throws ends the work. @default none */
  readonly stepCallback?: StepCallback | undefined;
  /** Recalled before the work, and told of it afterwards. @default none */
  readonly memory?: readonly Memory[];
  /** Recalled before the work. @default none */
  readonly knowledge?: readonly Memory[];
  /** Tokens of what is recalled from all of them together. @default 2000 */
  readonly maxRecallTokens?: number;
  /** `warn`: a store that fails is an event, and the work goes on without it. `fail`: the work fails. @default 'warn' */
  readonly onMemoryFailure?: OnMemoryFailure;
  /** Instructions that the agent reads when it needs them, with a tool called `load_skill`. @default none */
  readonly skills?: readonly Skill[];
  /** Hear the events of this agent's work, in every run. */
  readonly callbacks?: readonly Callback[];
}

/** How an agent plans. */
export interface PlanningOptions {
  /**
   * How closely it looks at what its steps gave: `low` asks no model, `medium` has each round judged,
   * `high` also refines steps that wait, may stop early, and plans anew after any failure. @default 'medium'
   */
  readonly effort?: Effort;
  /** Steps of one plan. @default 20 */
  readonly maxSteps?: number;
  /** Plans after the first one. @default 3 */
  readonly maxReplans?: number;
  /** Model calls with tools in one step; after them comes one forced answer. @default 15 */
  readonly maxStepIterations?: number;
  /** Milliseconds for one step. @default no limit */
  readonly stepTimeoutMs?: number | undefined;
  /** Plans and judges. @default the agent's */
  readonly llm?: LlmInput;
}

/**
 * Who does the work: a role, a goal, tools and a model. Frozen; one agent may work on any number of
 * tasks and runs at once.
 *
 * @throws RegattaError `definition/invalid` with everything that is wrong.
 */
export class Agent implements AgentDefinition {
  readonly role: string;
  readonly goal: string;
  readonly backstory: string;
  readonly llm: LlmDefinition | undefined;
  readonly tools: readonly Tool[];
  readonly maxIter: number;
  readonly maxExecutionTimeMs: number | undefined;
  readonly maxOutputRetries: number;
  readonly planning: AgentPlanning | undefined;
  readonly allowDelegation: boolean;
  readonly allowedDelegates: readonly (AgentDefinition | string)[] | undefined;
  readonly respectContextWindow: boolean;
  readonly useSystemPrompt: boolean;
  readonly systemTemplate: string | undefined;
  readonly promptTemplate: string | undefined;
  readonly responseTemplate: string | undefined;
  readonly injectDate: boolean;
  readonly dateFormat: string;
  readonly timeZone: string;
  readonly toolProtocol: ToolProtocol;
  readonly maxRpm: number | undefined;
  readonly onToolFailure: OnFailure | undefined;
  readonly stepCallback: StepCallback | undefined;
  readonly memory: readonly Memory[];
  readonly knowledge: readonly Memory[];
  readonly maxRecallTokens: number;
  readonly onMemoryFailure: OnMemoryFailure;
  readonly skills: readonly Skill[];
  readonly scope: Scope;

  constructor(options: AgentOptions) {
    this.role = options.role;
    this.goal = options.goal;
    this.backstory = options.backstory ?? '';
    this.llm = toLlm(options.llm);
    this.tools = Object.freeze([...(options.tools ?? [])]);
    this.maxIter = options.maxIter ?? MAX_ITER;
    this.maxExecutionTimeMs = options.maxExecutionTimeMs;
    this.maxOutputRetries = options.maxOutputRetries ?? MAX_OUTPUT_RETRIES;
    this.planning = toPlanning(options.planning);
    this.allowDelegation = options.allowDelegation ?? false;
    this.allowedDelegates = options.allowedDelegates && Object.freeze([...options.allowedDelegates]);
    this.respectContextWindow = options.respectContextWindow ?? true;
    this.useSystemPrompt = options.useSystemPrompt ?? true;
    this.systemTemplate = options.systemTemplate;
    this.promptTemplate = options.promptTemplate;
    this.responseTemplate = options.responseTemplate;
    this.injectDate = options.injectDate ?? false;
    this.dateFormat = options.dateFormat ?? DATE_FORMAT;
    this.timeZone = options.timeZone ?? TIME_ZONE;
    this.toolProtocol = options.toolProtocol ?? 'native';
    this.maxRpm = options.maxRpm;
    this.onToolFailure = options.onToolFailure;
    this.stepCallback = options.stepCallback;
    this.memory = Object.freeze([...(options.memory ?? [])]);
    this.knowledge = Object.freeze([...(options.knowledge ?? [])]);
    this.maxRecallTokens = options.maxRecallTokens ?? MAX_RECALL_TOKENS;
    this.onMemoryFailure = options.onMemoryFailure ?? 'warn';
    this.skills = Object.freeze([...(options.skills ?? [])]);
    const subject = `Agent "${options.role}"`;
    this.scope = extendScope(toScope(options.callbacks, subject), limitScope(subject, options.maxRpm));
    checkAgent(this);
    Object.freeze(this);
  }

  /**
   * Asks the agent without a crew: a text, or a conversation whose last message is the user's.
   *
   * @throws RegattaError as a crew's run; `engine/no-ref` in a runtime whose runs are on threads.
   * @example
   * const { parsed } = await agent.kickoff('How is the wind?', { output: z.object({ knots: z.number() }) });
   */
  async kickoff<Output extends Schema | undefined = undefined>(
    input: CallInput,
    options: AgentKickoffOptions<Output> = {},
  ): Promise<AgentOutput<ParsedBy<Output>>> {
    const terms = createTerms(this, options);
    const request = createAgentRequest(this, input, options);
    return await this.#start(request, terms, { ...options, hasHandle: false }).result;
  }

  /** As `kickoff`, with a handle: events while it goes on, usage, cancel. */
  start<Output extends Schema | undefined = undefined>(
    input: CallInput,
    options: AgentKickoffOptions<Output> = {},
  ): Run<AgentOutput<ParsedBy<Output>>> {
    const terms = createTerms(this, options);
    return this.#start(createAgentRequest(this, input, options), terms, options);
  }

  /**
   * Goes on with a run of this agent where its process left it, as `crew.resume`: what was asked, inputs
   * and files are the run's. Give `output`, guardrails, `context`, callbacks and a budget again.
   *
   * @throws RegattaError `journal/missing`, `journal/unknown-run`, `journal/held`, `journal/code-changed`
   */
  async resume<Output extends Schema | undefined = undefined>(
    runId: string,
    { allowChanges = false, takeOver = false, ...options }: AgentResumeOptions<Output> = {},
  ): Promise<Run<AgentOutput<ParsedBy<Output>>>> {
    const core = options.runtime?.core ?? defaultCore();
    const terms = createTerms(this, options);
    const fingerprint = agentFingerprint(this, { terms, defaultLlm: core.defaultLlm });
    const asked = { runId, journal: options.journal, fingerprint, allowChanges, takeOver };
    return await resumeRun(core, asked, (recording) =>
      this.#start(requestOf(this, recording.record), terms, { ...options, recording }),
    );
  }

  #start<Output extends Schema | undefined>(
    request: AgentRequest,
    terms: AgentTerms,
    options: AgentKickoffOptions<Output> & Pick<StartOptions, 'recording' | 'hasHandle'>,
  ): Run<AgentOutput<ParsedBy<Output>>> {
    const { callbacks, runtime, ...rest } = options;
    const core = runtime?.core ?? defaultCore();
    const owner = `The kickoff of agent "${this.role}"`;
    const scopes = [toScope(callbacks, owner, (name) => openNamed(name, core.env))];
    return core.start(agentJob<Output>(this, request, terms), { ...rest, scopes });
  }

  /**
   * As `kickoff`, in pieces while it goes on.
   *
   * @example
   * const stream = agent.stream('Tell of a race.');
   * for await (const part of stream) if (part.type === 'text') process.stdout.write(part.text);
   * const { usage } = await stream.result;
   */
  stream<Output extends Schema | undefined = undefined>(
    input: CallInput,
    options: Omit<AgentKickoffOptions<Output>, 'stream' | 'bufferSize'> = {},
  ): AgentStream<ParsedBy<Output>> {
    // A reader may be slower than the agent, and must not miss a piece: as many are kept as there are.
    const all = { ...options, stream: true, bufferSize: Number.POSITIVE_INFINITY };
    return new AgentStream<ParsedBy<Output>>(this.start<Output>(input, all as AgentKickoffOptions<Output>)); // the same options, and two more
  }
}

/** Inside an agent that works for another, its own limit counts, and not the other's. */
const LIMIT_KEY = 'agent.maxRpm';

function limitScope(name: string, maxRpm: number | undefined): Scope {
  if (maxRpm === undefined) return [];
  return [Object.freeze({ kind: 'limit', key: LIMIT_KEY, name, isLocked: false, requestsPerMinute: maxRpm })];
}

function toPlanning(planning: boolean | PlanningOptions | undefined): AgentPlanning | undefined {
  if (planning === undefined || planning === false) return undefined;
  const { llm, ...options } = planning === true ? {} : planning;
  return withPlanningDefaults({ ...options, llm: toLlm(llm) });
}

/** How an agent is asked without a crew, and what comes out. */
import type { ParsedBy, Schema } from '../base/schema.ts';
import type { Inputs } from '../base/template.ts';
import type { InputFile } from '../context/input-files.ts';
import type { Guardrail } from '../guardrail/definition.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { Message } from '../protocol/message.ts';
import type { UsageReport } from '../protocol/usage.ts';
import type { OnInput } from '../run/inputs.ts';
import type { JournalInput } from '../run/journals.ts';
import type { Callback } from './callback.ts';
import type { RuntimeHolder } from './core.ts';
import type { LlmInput } from './llm.ts';
import type { ClaimOptions } from './resume-run.ts';

export interface AgentKickoffOptions<Output extends Schema | undefined = undefined> {
  /** The shape of the answer: Zod, another Standard Schema, or a JSON Schema object. @default free text */
  readonly output?: Output;
  /** Values for the `{placeholders}` of role, goal and backstory. The input is taken as it is. */
  readonly inputs?: Inputs;
  /** Files that it is shown, by name, behind the input. @default none */
  readonly inputFiles?: Readonly<Record<string, InputFile>>;
  /** Who looks at an answer before it counts: functions, or sentences that a model judges by. @default none */
  readonly guardrails?: readonly Guardrail<ParsedBy<Output>>[];
  /** Judges the sentences. @default the agent's */
  readonly guardrailLlm?: LlmInput;
  /** Answers that guardrails may send back. @default 3 */
  readonly guardrailMaxRetries?: number;
  /** What tools and memories get as `context`. Never in events or journals. */
  readonly context?: unknown;
  readonly signal?: AbortSignal;
  readonly callbacks?: readonly Callback[];
  /** What this run may spend. @default no limit */
  readonly budget?: BudgetLimits;
  /** Ask for answers in pieces; they are `model.delta` events. `agent.stream` always does. @default false */
  readonly stream?: boolean;
  /** Events kept for `run.events()`. @default 10000 */
  readonly bufferSize?: number;
  /** Where the run is recorded: a journal, or the path of a SQLite file. @default the runtime's */
  readonly journal?: JournalInput;
  /** Where a person is needed: as of a crew's `kickoff`. @default 'wait' */
  readonly onInput?: OnInput;
  /** @default the process's */
  readonly runtime?: RuntimeHolder;
}

export interface AgentResumeOptions<Output extends Schema | undefined = undefined>
  extends Omit<AgentKickoffOptions<Output>, 'inputs' | 'inputFiles'>,
    ClaimOptions {}

/** What an agent gave that was asked without a crew. */
export interface AgentOutput<Parsed = undefined> {
  readonly runId: string;
  /** The final answer as text. */
  readonly text: string;
  /** The answer by the schema; undefined without one. */
  readonly parsed: Parsed;
  /** The whole conversation, from the system message to the answer. */
  readonly messages: readonly Message[];
  readonly usage: UsageReport;
}

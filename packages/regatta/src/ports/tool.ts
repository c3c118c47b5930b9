/** The user's seam: what a model may ask for. */
import type { Json, JsonObject } from '../base/json.ts';
import type { ParseResult } from '../base/schema.ts';
import type { RunContext } from './run-context.ts';

/** What a tool gets beside its arguments. */
export interface ToolContext<Context = unknown> {
  readonly runId: string;
  readonly task: string | null;
  readonly agent: string | null;
  readonly callId: string;
  /** The same for a repeat of the same call in the same run: give it to whatever must not act twice. */
  readonly idempotencyKey: string;
  /** Aborted when the run is cancelled or the tool's time is up. */
  readonly signal: AbortSignal;
  /** What was given as `kickoff({ context })`: a tenant, a database handle, a user token. */
  readonly context: Context;
}

/** What a tool's own failure comes to: the model is told and goes on, or the task fails with it. */
export type OnFailure = 'answer' | 'fail';

/** Whether a use needs a person's approval. Only `false` is a no. */
export type NeedsApproval = (args: unknown, context: ToolContext) => boolean | Promise<boolean>;

/** `ask` a person whether to use it again; `repeat` it; `fail`: tell the model that nobody knows. */
export type UnknownOutcomePolicy = 'ask' | 'repeat' | 'fail';

/** How a tool is used. What is absent is as its default says. */
export interface ToolPolicy {
  /** Milliseconds for one use, with all that is tried again. Waiting for a person does not count. */
  readonly timeoutMs: number;
  /** Uses allowed in one run; undefined = no limit. */
  readonly maxUses?: number | undefined;
  /** Whether a person is asked before each use. @default false */
  readonly needsApproval?: boolean | NeedsApproval | undefined;
  /** Milliseconds to wait for the person; then the use is refused. @default as long as the run lasts */
  readonly approvalTimeoutMs?: number | undefined;
  /** Keeps results of `execute`. @default none */
  readonly cache?: ToolCache | undefined;
  /** How often `execute` is tried again after a failure that says `retryable`. @default 0 */
  readonly retries?: number | undefined;
  /** @default that of task, agent or crew, else 'answer' */
  readonly onFailure?: OnFailure | undefined;
  /** Whether a result is the agent's final answer, if it fits the output schema. @default false */
  readonly resultAsAnswer?: boolean | undefined;
  /** Whether a use changes something outside, so that doing it twice does harm: a payment, a mail. @default false */
  readonly sideEffect?: boolean | undefined;
  /** For `sideEffect`, in a run that is resumed: what to do where a use was begun and its outcome is not known. @default 'ask' */
  readonly onUnknownOutcome?: UnknownOutcomePolicy | undefined;
}

/** A tool, made by `defineTool`. Frozen; it may serve any number of runs at once. */
export interface Tool extends ToolPolicy {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  /** The tool that this one is with another policy: their uses are counted together, and results shared. */
  readonly origin?: Tool | undefined;
  /** Checks the arguments that a model wrote. */
  parse(args: unknown): Promise<ParseResult<unknown>>;
  /** Gets what `parse` accepted. Returns text, or anything that JSON can carry. */
  execute(args: unknown, context: ToolContext): unknown;
  /**
   * In place of `execute`, for tools of ours whose use is work of a run: other agents' events, models'
   * calls. What the model is told is what it returns; it opens its spans inside the tool's. It has no
   * `cache`, `retries` or `timeoutMs`.
   */
  work?(args: unknown, context: RunContext): Promise<string>;
}

/** One use of a tool, of arguments that it takes. */
export interface ToolUse {
  readonly tool: Tool;
  readonly callId: string;
  /** As they were written and guards let them pass. */
  readonly args: Json;
  /** What `parse` made of them. */
  readonly parsed: unknown;
}

/** Made by `toolCache`. It is the only state of its tools, and it is the user's own. */
export interface ToolCache {
  /**
   * Gives the text that is kept for this use, or does `work`, and keeps what it gives. Failures are not
   * kept. Of uses at once that are the same, one works.
   *
   * @throws what `work` throws; the signal's reason.
   */
  answer(use: ToolUse, context: RunContext, work: () => Promise<string>): Promise<KeptText>;
}

export interface KeptText {
  readonly text: string;
  /** Whether `work` of somebody else, now or earlier, gave it. */
  readonly isCached: boolean;
}

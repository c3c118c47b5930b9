/** The user's seam: what a model may ask for. */
import type { JsonObject } from '../base/json.ts';
import type { ParseResult } from '../base/schema.ts';
import type { RunContext } from './run-context.ts';
import type { Work } from './span.ts';

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

/** `ask` a person whether to use it again; `repeat` it; `fail`: tell the model that nobody knows. */
export type UnknownOutcomePolicy = 'ask' | 'repeat' | 'fail';

/** A tool, made by `defineTool`. Frozen; it may serve any number of runs at once. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  /** Milliseconds for one use. */
  readonly timeoutMs: number;
  /** Uses allowed in one run; undefined = no limit. */
  readonly maxUses: number | undefined;
  /** Whether a second use for the same call would do harm, such as a payment or a mail. @default false */
  readonly sideEffect?: boolean | undefined;
  /** For `sideEffect`, in a run that is resumed: what to do where a use was begun and its outcome is not known. @default 'ask' */
  readonly onUnknownOutcome?: UnknownOutcomePolicy | undefined;
  /** Checks the arguments that a model wrote. */
  parse(args: unknown): Promise<ParseResult<unknown>>;
  /** Gets what `parse` accepted. Returns text, or anything that JSON can carry. */
  execute(args: unknown, context: ToolContext): unknown;
  /**
   * In place of `execute`, for tools of ours whose use is work of a run: other agents' events, models'
   * calls. What the model is told is what it returns; it opens its spans inside the tool's.
   */
  work?(args: unknown, context: RunContext): Work<string>;
}

/** The seam to whoever may change or stop what a run does. Unlike an observer, a guard is waited for. */
import type { Json } from '../base/json.ts';
import type { AssistantMessage, Message } from '../protocol/message.ts';

/** What is about to happen, or has. */
export interface GuardSubjects {
  readonly 'model.before': { readonly model: string; readonly messages: readonly Message[] };
  readonly 'model.after': { readonly model: string; readonly message: AssistantMessage };
  readonly 'tool.before': { readonly tool: string; readonly args: Json };
  readonly 'tool.after': { readonly tool: string; readonly args: Json; readonly result: string };
}

export type GuardPoint = keyof GuardSubjects;

/** Where in which run. */
export interface GuardContext {
  readonly runId: string;
  readonly spanId: string;
  readonly task: string | null;
  readonly agent: string | null;
  readonly signal: AbortSignal;
}

/**
 * Gets a frozen subject; gives what is to be used instead, or undefined to leave it as it is. To stop
 * what is about to happen it throws. Fails closed: a guard that throws, rejects or is late stops it too.
 */
export type Guard<Point extends GuardPoint = GuardPoint> = (
  subject: GuardSubjects[Point],
  context: GuardContext,
) => GuardSubjects[Point] | undefined | Promise<GuardSubjects[Point] | undefined>;

/** What tasks and runs give back. */
import type { Json } from '../base/json.ts';
import type { UsageReport } from './usage.ts';

/** An error as plain data, for events and journals. */
export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly details: Json;
}

/** What one task gave. */
export interface TaskOutput<Parsed = unknown> {
  readonly task: string;
  readonly agent: string;
  /** The final answer as text. */
  readonly text: string;
  /** The answer by the task's output schema; undefined for a task without one. */
  readonly parsed: Parsed;
  /** Present where the task was not done, because its `when` said no. The text is empty then. */
  readonly skipped?: true;
}

/** What a crew's run gave. `text` and `parsed` are those of the last task that was not skipped. */
export interface CrewOutput<Parsed = unknown> {
  readonly runId: string;
  readonly text: string;
  readonly parsed: Parsed;
  /** In the order in which the crew lists its tasks. */
  readonly tasks: readonly TaskOutput[];
  readonly usage: UsageReport;
}

/** Why a task was not done: its own condition, something that it needs, or the failure of another task. */
export type SkipReason = 'condition' | 'need' | 'failure';

/** How a task ended. */
export type TaskStatus = 'done' | 'failed' | 'skipped';

/** `suspended`: it waits for a person, and no process holds it; it can be resumed. */
export type RunStatus = 'succeeded' | 'failed' | 'cancelled' | 'suspended';

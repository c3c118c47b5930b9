/** A run as it waits in a queue: plain data that any worker understands. */
import type { Json } from '../../base/json.ts';
import type { CrewRef } from '../../protocol/crew-ref.ts';

export interface RunOrder {
  /** Of this form. A worker that does not know it puts the run on the list of dead letters. */
  readonly form: 1;
  readonly ref: CrewRef;
  /** Where it waits, also when it is ordered again. */
  readonly queue: string;
  /** From 0, which is the most urgent. */
  readonly priority: number;
  readonly inputs: Json;
  /** See `Job.settings`; null = what the crew has for a run that is started without any. */
  readonly settings: Json;
  readonly tenant: string | null;
  /** Milliseconds since the epoch; null = none. */
  readonly deadlineAtMs: number | null;
  readonly stream: boolean;
  /** What the run itself may spend; null = no limit. */
  readonly budget: OrderBudget | null;
  /** The run that it begins with a part of; null = it begins with nothing. */
  readonly fork: OrderedFork | null;
  /** Guards that the crew has where the run was ordered, and that the worker's crew must have, too. */
  readonly guards: readonly string[];
  /** Whether the callbacks that belong to the crew as a whole hear the run where it was ordered, and not on the worker. */
  readonly isHeardElsewhere: boolean;
}

/** A part of another run: `from` is what is done anew. */
export interface OrderedFork {
  readonly runId: string;
  readonly from: { readonly task: string } | { readonly step: string };
  readonly allowChanges: boolean;
}

export interface OrderBudget {
  readonly usd?: number;
  readonly tokens?: number;
  readonly calls?: number;
}

/** What parts a run's id from what tells its later executions apart. */
const PART = '#';

/** A DBOS workflow is one execution of a run: its first has the run's id. `why` tells later ones apart. */
export function executionId(runId: string, why: string): string {
  return `${runId}${PART}${why}`;
}

export function runIdOf(executionId: string): string {
  return executionId.split(PART)[0] ?? executionId;
}

/** An execution that an answer asked for: whoever still holds the run has it, too, and goes on by itself. */
export function isAnswered(executionId: string): boolean {
  return executionId.includes(`${PART}answer-`);
}

/** The run that an occurrence of a schedule orders: the same, however often the occurrence is repeated. */
export function scheduledRunId(occurrence: string): string {
  return `${occurrence}-run`;
}

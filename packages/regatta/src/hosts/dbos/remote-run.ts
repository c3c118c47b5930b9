/** A run that is elsewhere, as whoever ordered it or knows its id holds it. It holds nothing but the id. */
import { fromErrorData } from '../../base/error-data.ts';
import { RegattaError } from '../../base/errors.ts';
import type { Json } from '../../base/json.ts';
import type { QueueClient } from '../../engines/dbos/client.ts';
import { executionId as toExecutionId } from '../../engines/dbos/order.ts';
import type { Journal } from '../../ports/journal.ts';
import type { RunEvent } from '../../protocol/event.ts';
import type { InputAnswer, PendingInput } from '../../protocol/input.ts';
import type { RunStatus, TaskOutput } from '../../protocol/output.ts';
import type { UsageTotals } from '../../protocol/usage.ts';
import { pendingInputsOf, respond } from '../../run/respond.ts';
import type { Fleet } from '../../stores/postgres-fleet.ts';
import type { Watcher } from './watcher.ts';

/** What a run that is elsewhere gave: plain data, since what a schema made of it stays where it was made. */
export interface RemoteOutput {
  readonly runId: string;
  readonly text: string;
  /** Of the last task; as JSON. */
  readonly parsed: Json;
  readonly tasks: readonly Pick<TaskOutput, 'task' | 'agent' | 'text'>[];
  readonly usage: UsageTotals;
}

export type RemoteStatus = 'queued' | 'running' | 'dead-letter' | RunStatus;

export interface WaitOptions {
  /** Ends the wait, not the run. */
  readonly signal?: AbortSignal;
}

export interface EventsOptions extends WaitOptions {
  /** Goes on behind the event that had this cursor. @default from the first */
  readonly after?: string;
}

/** An event with the place in its run's list at which a reader can go on. */
export interface CursoredEvent {
  readonly cursor: string;
  readonly event: RunEvent;
}

export interface RemoteRun {
  readonly runId: string;
  /** Waits for the end. @throws RegattaError as the run; `engine/unknown-run`, `postgres/*`; the signal's reason. */
  result(options?: WaitOptions): Promise<RemoteOutput>;
  /** @throws RegattaError `engine/unknown-run` */
  status(): Promise<RemoteStatus>;
  /**
   * All events, then live ones, until the run has ended. Any number of readers, anywhere, each going on
   * where its cursor says. What a recovered run repeats is not told again.
   */
  events(options?: EventsOptions): AsyncGenerator<CursoredEvent, void, void>;
  /** Ends it as `cancelled`, also where it waits still. Idempotent, also after the end. */
  cancel(): Promise<void>;
  /** What it waits for people to say. */
  pendingInputs(): Promise<readonly PendingInput[]>;
  /** Answers, from anywhere; a suspended run goes on. @throws RegattaError `input/unknown-token`, `input/invalid-answer` */
  respond(token: string, answer: InputAnswer): Promise<void>;
}

export interface RemoteParts {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly watcher: Watcher;
  readonly queues: () => Promise<QueueClient>;
}

const EVENTS_AT_ONCE = 500;
const FINAL: readonly string[] = ['succeeded', 'failed', 'cancelled'];

export function remoteRun(runId: string, parts: RemoteParts): RemoteRun {
  const { journal, fleet, watcher, queues } = parts;

  async function result({ signal }: WaitOptions = {}): Promise<RemoteOutput> {
    await known();
    const { ending } = await watcher.ended(runId, signal);
    if (ending.error !== null) throw fromErrorData(ending.error);
    const output = ending.output as unknown as Omit<RemoteOutput, 'runId' | 'usage'>; // a crew's job shows it so
    return { runId, ...output, usage: ending.usage };
  }

  async function status(): Promise<RemoteStatus> {
    const [run] = await journal.list({ runId, limit: 1 });
    if (run !== undefined && FINAL.includes(run.status)) return run.status;
    if ((await fleet.deadLetters()).some((letter) => letter.runId === runId)) return 'dead-letter';
    const executions = await (await queues()).executionsOf(runId);
    if (run !== undefined && run.heldBy !== null) return run.status;
    const last = executions.at(-1);
    if (last === undefined && run === undefined) throw unknownRun(runId);
    if (last?.status === 'cancelled') return 'cancelled';
    if (last?.status === 'queued') return 'queued';
    return run?.status ?? 'running';
  }

  async function known(): Promise<void> {
    await status();
  }

  async function* events({
    after = '0',
    signal,
  }: EventsOptions = {}): AsyncGenerator<CursoredEvent, void, void> {
    await known();
    let cursor = after;
    let isOver = false;
    while (true) {
      signal?.throwIfAborted();
      const next = watcher.news(runId, signal); // before the look: what comes during it means another one
      const found = await fleet.events(runId, cursor, EVENTS_AT_ONCE);
      for (const one of found) {
        cursor = one.cursor;
        const event = one.event as unknown as RunEvent; // a worker wrote it
        yield { cursor, event };
        if (event.type === 'run.end' && event.status !== 'suspended') return;
      }
      if (found.length > 0) continue;
      if (isOver) return; // it never began, or its last event was kept from being told
      isOver = [...FINAL, 'dead-letter'].includes(await status()); // with its end came its last events: one more look
      if (!isOver) await next;
    }
  }

  async function cancel(): Promise<void> {
    const client = await queues();
    const open = (await client.executionsOf(runId)).filter(
      (one) => one.status === 'queued' || one.status === 'running',
    );
    await client.cancel(open.map(({ executionId }) => executionId));
  }

  async function pendingInputs(): Promise<readonly PendingInput[]> {
    const found = await journal.read(runId);
    return found === undefined ? [] : pendingInputsOf(runId, found.records);
  }

  async function answer(token: string, given: InputAnswer): Promise<void> {
    await respond(journal, runId, { token, answer: given });
    if ((await fleet.events(runId, '0', 1)).length === 0) return; // no run of workers: its process hears of it
    const client = await queues();
    const [first] = await client.executionsOf(runId);
    if (first?.order == null) return;
    // Named by the token, so that an answer begins one execution whatever breaks between the two.
    const executionId = toExecutionId(runId, `answer-${token.slice(runId.length + 1)}`);
    await client.enqueue(executionId, first.order);
  }

  return Object.freeze({ runId, result, status, events, cancel, pendingInputs, respond: answer });
}

export function unknownRun(runId: string): RegattaError {
  const message = `No run "${runId}" was ordered here. Correct the id, or the connection string and the schema.`;
  return new RegattaError('engine/unknown-run', message, { runId });
}

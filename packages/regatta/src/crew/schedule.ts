/**
 * Runs a graph of tasks: each starts as soon as all it needs are done, at most `limit` at once.
 * A failure skips what depends on it; whether anything else starts after it, `onFailure` says.
 */
import { Merge } from '../base/merge.ts';
import type { EventDraft, Work } from '../ports/span.ts';
import type { TaskNode } from './graph.ts';

/** How a task ended. `because` is the id of the need that did not succeed, or of the task that stopped all. */
export type Outcome<T> =
  | { readonly status: 'done'; readonly output: T }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'skipped'; readonly because: string };

export interface ScheduleOptions<N extends TaskNode, T> {
  /** Does one task. `outputs` holds at least the outputs of what it needs, by id. */
  readonly run: (node: N, outputs: ReadonlyMap<string, T>) => Work<T>;
  /** What to say of a task that will never start; null = nothing. */
  readonly skip: (node: N, because: string, reason: 'need' | 'failure') => EventDraft | null;
  /** Hears of each failure. After a `stop` no task starts any more; those under way are the caller's to stop. */
  readonly onFailure: (node: N, error: unknown) => 'stop' | 'go-on';
  /** Tasks at work at once, at least 1. */
  readonly limit: number;
}

/**
 * Yields what the tasks yield, as it happens. Returns the outcome of every task by id. Never throws
 * because of a task.
 *
 * `nodes` stand in an order that `sortGraph` gave.
 */
export async function* schedule<N extends TaskNode, T>(
  nodes: readonly N[],
  { run, skip, onFailure, limit }: ScheduleOptions<N, T>,
): Work<ReadonlyMap<string, Outcome<T>>> {
  const waiting = new Set(nodes);
  const outcomes = new Map<string, Outcome<T>>();
  const outputs = new Map<string, T>();
  const tasks = new Merge<EventDraft>();
  let stoppedBy: string | undefined;
  const startReady = (): void => {
    for (const node of waiting) {
      const missing = node.needs.find((id) => outcomes.has(id) && !outputs.has(id));
      const because = missing ?? stoppedBy;
      if (because !== undefined) {
        waiting.delete(node);
        outcomes.set(node.id, { status: 'skipped', because });
        // Behind the end of the task that it is skipped for.
        const said = skip(node, because, missing === undefined ? 'failure' : 'need');
        if (said !== null) tasks.push(said);
      } else if (tasks.size < limit && node.needs.every((id) => outputs.has(id))) {
        waiting.delete(node);
        tasks.start(run(node, outputs), (ended) => {
          if (ended.isDone) {
            outcomes.set(node.id, { status: 'done', output: ended.value });
            outputs.set(node.id, ended.value);
          } else {
            outcomes.set(node.id, { status: 'failed', error: ended.error });
            if (onFailure(node, ended.error) === 'stop') stoppedBy ??= node.id;
          }
          startReady();
        });
      }
    }
  };
  startReady();
  yield* tasks.read();
  return outcomes;
}

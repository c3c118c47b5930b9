/**
 * Runs a graph of tasks: each starts as soon as all it needs are done, at most `limit` at once.
 * A failure skips what depends on it; whether anything else starts after it, `onFailure` says.
 */
import type { TaskNode } from './graph.ts';

/** How a task ended. `because` is the id of the need that did not succeed, or of the task that stopped all. */
export type Outcome<T> =
  | { readonly status: 'done'; readonly output: T }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'skipped'; readonly because: string };

export interface ScheduleOptions<N extends TaskNode, T> {
  /** Does one task. `outputs` holds at least the outputs of what it needs, by id. */
  readonly run: (node: N, outputs: ReadonlyMap<string, T>) => Promise<T>;
  /** Says that a task will never start. Must not throw or reject. */
  readonly skip: (node: N, because: string, reason: 'need' | 'failure') => Promise<unknown> | undefined;
  /** Hears of each failure. After a `stop` no task starts any more; those under way are the caller's to stop. */
  readonly onFailure: (node: N, error: unknown) => 'stop' | 'go-on';
  /** Tasks at work at once, at least 1. */
  readonly limit: number;
}

/**
 * Gives the outcome of every task by id. Never rejects because of a task.
 *
 * `nodes` stand in an order that `sortGraph` gave.
 */
export function schedule<N extends TaskNode, T>(
  nodes: readonly N[],
  { run, skip, onFailure, limit }: ScheduleOptions<N, T>,
): Promise<ReadonlyMap<string, Outcome<T>>> {
  const waiting = new Set(nodes);
  const outcomes = new Map<string, Outcome<T>>();
  const outputs = new Map<string, T>();
  let running = 0;
  /** What is being said of tasks that will never start. */
  let telling = 0;
  let stoppedBy: string | undefined;
  return new Promise((resolve, reject) => {
    const perform = (node: N): void => {
      running++;
      const done = (output: T): void => {
        outcomes.set(node.id, { status: 'done', output });
        outputs.set(node.id, output);
        running--;
        startReady();
      };
      const failed = (error: unknown): void => {
        outcomes.set(node.id, { status: 'failed', error });
        if (onFailure(node, error) === 'stop') stoppedBy ??= node.id;
        running--;
        startReady();
      };
      run(node, outputs).then(done, failed).catch(reject);
    };
    const startReady = (): void => {
      for (const node of waiting) {
        const missing = node.needs.find((id) => outcomes.has(id) && !outputs.has(id));
        const because = missing ?? stoppedBy;
        if (because !== undefined) {
          waiting.delete(node);
          outcomes.set(node.id, { status: 'skipped', because });
          // Behind the end of the task that it is skipped for.
          tell(skip(node, because, missing === undefined ? 'failure' : 'need'));
        } else if (running < limit && node.needs.every((id) => outputs.has(id))) {
          waiting.delete(node);
          perform(node);
        }
      }
      if (running === 0 && telling === 0) resolve(outcomes);
    };
    const tell = (told: Promise<unknown> | undefined): void => {
      if (told === undefined) return;
      telling++;
      const end = (): void => {
        telling--;
        startReady();
      };
      told.then(end).catch(reject);
    };
    startReady();
  });
}

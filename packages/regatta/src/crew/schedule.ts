/**
 * Runs a graph of tasks: each starts as soon as all it needs are done, at most `limit` at once.
 * A failure skips what depends on it and nothing else.
 */
import { Channel } from '../base/channel.ts';
import type { EventDraft, Work } from '../ports/span.ts';
import type { TaskNode } from './graph.ts';

/** How a task ended. `because` is the id of the need that did not succeed. */
export type Outcome<T> =
  | { readonly status: 'done'; readonly output: T }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'skipped'; readonly because: string };

export interface ScheduleOptions<N extends TaskNode, T> {
  /** Does one task. `outputs` holds at least the outputs of what it needs, by id. */
  readonly run: (node: N, outputs: ReadonlyMap<string, T>) => Work<T>;
  /** What to say of a task that will never start. */
  readonly skip: (node: N, because: string) => EventDraft;
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
  { run, skip, limit }: ScheduleOptions<N, T>,
): Work<ReadonlyMap<string, Outcome<T>>> {
  const waiting = new Set(nodes);
  const running = new Map<string, Work<T>>();
  const outcomes = new Map<string, Outcome<T>>();
  const outputs = new Map<string, T>();
  const news = new Channel<News>();
  try {
    while (true) {
      for (const node of waiting) {
        const because = node.needs.find((id) => outcomes.has(id) && !outputs.has(id));
        if (because !== undefined) {
          waiting.delete(node);
          outcomes.set(node.id, { status: 'skipped', because });
          news.push({ draft: skip(node, because) }); // behind the end of the task that it is skipped for
        } else if (running.size < limit && node.needs.every((id) => outputs.has(id))) {
          waiting.delete(node);
          const work = run(node, outputs);
          running.set(node.id, work);
          void pump(work, news).then((outcome) => {
            running.delete(node.id);
            outcomes.set(node.id, outcome);
            if (outcome.status === 'done') outputs.set(node.id, outcome.output);
            news.wake();
          });
        }
      }
      if (running.size === 0 && waiting.size === 0 && news.size === 0) break;
      for (const { draft, onRead } of await news.take()) {
        yield draft;
        onRead?.();
      }
    }
    return outcomes;
  } finally {
    // A reader that stops reading also stops the tasks.
    for (const work of running.values()) work.return(undefined as T).catch(() => undefined); // nobody reads the value, or the failure
  }
}

interface News {
  readonly draft: EventDraft;
  readonly onRead?: () => void;
}

/**
 * Passes on what `work` yields; never rejects. The work goes on once its draft was read: so a start is
 * heard before what it starts is done, and a slow reader slows the work down.
 */
async function pump<T>(work: Work<T>, news: Channel<News>): Promise<Outcome<T>> {
  try {
    while (true) {
      const next = await work.next();
      if (next.done) return { status: 'done', output: next.value };
      const draft = next.value;
      await new Promise<void>((resolve) => news.push({ draft, onRead: resolve }));
    }
  } catch (error) {
    return { status: 'failed', error };
  }
}

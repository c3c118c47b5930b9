/** Where a call under way stands, read off its news. */
import type { ModelEvent } from '../ports/model.ts';

export class Progress {
  /** The attempt under way. */
  attempt: number;
  /** Whether its answer has begun to arrive. */
  hasDelta = false;

  constructor(attempt: number) {
    this.attempt = attempt;
  }

  see(event: ModelEvent): void {
    this.hasDelta = event.type === 'delta';
    if (event.type === 'retry') this.attempt = event.attempt + 1;
  }

  /** The next attempt begins, and nothing of its answer is there. */
  next(): void {
    this.attempt++;
    this.hasDelta = false;
  }
}

/** The news of a call, each shown to `progress` before its reader gets it. */
export function follow<Reply>(
  news: AsyncGenerator<ModelEvent, Reply, void>,
  progress: Progress,
): AsyncGenerator<ModelEvent, Reply, void> {
  // By hand: a generator around a generator costs a call more than what this one does.
  const followed: AsyncGenerator<ModelEvent, Reply, void> = {
    next: async () => {
      const next = await news.next();
      if (!next.done) progress.see(next.value);
      return next;
    },
    return: (reply) => news.return(reply),
    throw: (error) => news.throw(error),
    [Symbol.asyncIterator]: () => followed,
    [Symbol.asyncDispose]: () => news[Symbol.asyncDispose](),
  };
  return followed;
}

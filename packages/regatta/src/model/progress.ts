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
export async function* follow<Reply>(
  news: AsyncGenerator<ModelEvent, Reply, void>,
  progress: Progress,
): AsyncGenerator<ModelEvent, Reply, void> {
  let isOver = false;
  try {
    while (true) {
      const next = await news.next();
      if (next.done) {
        isOver = true;
        return next.value;
      }
      progress.see(next.value);
      yield next.value;
    }
  } catch (error) {
    isOver = true;
    throw error;
  } finally {
    if (!isOver) await news.return(undefined as unknown as Reply); // its reader has left, and reads no reply
  }
}

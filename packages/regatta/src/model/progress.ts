/** Where a call under way stands, read off its news. */
import type { TellNews } from '../ports/model.ts';

export class Progress {
  /** The attempt under way. */
  attempt: number;
  /** Whether its answer has begun to arrive. */
  hasDelta = false;

  constructor(attempt: number) {
    this.attempt = attempt;
  }

  /** As `tell`, and sees all of it first. */
  follow(tell: TellNews): TellNews {
    return (news) => {
      this.hasDelta = news.type === 'delta';
      if (news.type === 'retry') this.attempt = news.attempt + 1;
      return tell(news);
    };
  }

  /** The next attempt begins, and nothing of its answer is there. */
  next(): void {
    this.attempt++;
    this.hasDelta = false;
  }
}

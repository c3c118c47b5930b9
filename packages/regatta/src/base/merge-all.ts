/** Works through a list, so many at once, and gives how each one ended, in the order of the list. */
import { type Ended, Merge } from './merge.ts';

export interface MergeAllOptions {
  /** At work at once, at least 1. */
  readonly limit: number;
  /** Once it is aborted nothing more starts: what did not is missing from the result. */
  readonly signal: AbortSignal;
}

/** Yields what the work yields, as it happens. Never throws because of one of them. */
export async function* mergeAll<Item, Y, T>(
  items: readonly Item[],
  work: (item: Item, index: number) => AsyncGenerator<Y, T, void>,
  { limit, signal }: MergeAllOptions,
): AsyncGenerator<Y, readonly Ended<T>[], void> {
  const ends: Ended<T>[] = [];
  const merge = new Merge<Y>();
  const waiting = [...items.entries()];
  const startNext = (): void => {
    const next = signal.aborted ? undefined : waiting.shift();
    if (next === undefined) return;
    const [index, item] = next;
    merge.start(work(item, index), (ended) => {
      ends[index] = ended;
      startNext();
    });
  };
  for (let at = 0; at < limit; at++) startNext();
  yield* merge.read();
  return ends;
}

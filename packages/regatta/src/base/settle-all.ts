/** Works through a list, so many at once, and says how each one ended, in the order of the list. */

export interface SettleOptions {
  /** At work at once, at least 1. */
  readonly limit: number;
  /** Once it is aborted nothing more starts: what did not is missing from the result. */
  readonly signal: AbortSignal;
}

/** Never rejects because of one of them. */
export async function settleAll<Item, T>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<T>,
  { limit, signal }: SettleOptions,
): Promise<readonly PromiseSettledResult<T>[]> {
  const ends: PromiseSettledResult<T>[] = [];
  let next = 0;
  const workThrough = async (): Promise<void> => {
    while (next < items.length && !signal.aborted) {
      const index = next++;
      try {
        ends[index] = { status: 'fulfilled', value: await work(items[index] as Item, index) }; // below the length
      } catch (reason) {
        ends[index] = { status: 'rejected', reason };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, workThrough));
  return ends;
}

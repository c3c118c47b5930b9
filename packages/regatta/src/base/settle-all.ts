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
  const waiting = items.entries();
  const workThrough = async (): Promise<void> => {
    for (let next = waiting.next(); !next.done && !signal.aborted; next = waiting.next()) {
      const [index, item] = next.value;
      ends[index] = await settle(() => work(item, index));
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, workThrough));
  return ends;
}

async function settle<T>(work: () => Promise<T>): Promise<PromiseSettledResult<T>> {
  try {
    return { status: 'fulfilled', value: await work() };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}

/** Waiting for a SQLite file that another process holds, without a lock wait that holds up a thread. */

/** Milliseconds between tries, at most: the wait varies, so that those who wait do not meet again. */
const PAUSE_MS = 10;

/** Tries again while another process writes; between two tries the thread serves other messages. */
export async function whileBusy<T>(work: () => T, giveUpMs: number): Promise<T> {
  const giveUpAt = performance.now() + giveUpMs;
  while (true) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= giveUpAt) throw error;
      await new Promise<void>((resolve) => setTimeout(resolve, 1 + Math.random() * PAUSE_MS));
    }
  }
}

/** SQLITE_BUSY and SQLITE_LOCKED, with the extended codes whose low byte they are. */
function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false;
  const code = Number(error.errcode) & 0xff;
  return code === 5 || code === 6;
}

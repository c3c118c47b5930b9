/** The code of a SQLite cache's thread. Nothing but Node starts it. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { ReplyFile } from './reply-file.ts';
import type { FromSqlite, Read, SqliteData, ToSqlite, Write } from './sqlite-wire.ts';

/** Milliseconds between tries while another process holds the file, and until an operation is given up. */
const BUSY_PAUSE_MS = 10;
const GIVE_UP_MS = 5_000;

if (parentPort !== null) serve(parentPort, workerData as SqliteData); // what `SqliteThread` gives

function serve(port: MessagePort, data: SqliteData): void {
  const file = new ReplyFile(data);
  /** Not in the file yet, the newest of each key. */
  const waiting = new Map<string, Write>();
  /** Replies that were read, and when: they are marked as used with the next write. */
  const used = new Map<string, number>();
  let writing: Promise<void> | undefined;
  const send = (message: FromSqlite): void => port.postMessage(message);

  const write = async (): Promise<void> => {
    while (waiting.size > 0) {
      const batch = [...waiting.values()]; // one transaction for all that wait
      const marks = new Map(used);
      used.clear();
      try {
        const evicted = await whileBusy(() => file.write(batch, marks));
        if (evicted > 0) send({ type: 'evicted', count: evicted });
      } catch {
        send({ type: 'failed', count: batch.length }); // a cache may lose what it keeps, and says so
      }
      for (const one of batch) if (waiting.get(one.key) === one) waiting.delete(one.key);
    }
    writing = undefined;
  };
  const read = async ({ id, key, nowMs }: Read): Promise<void> => {
    const fresh = waiting.get(key);
    let text: string | null = null;
    try {
      if (fresh === undefined) text = await whileBusy(() => file.read(key, nowMs));
      else if (fresh.expiresAtMs > nowMs) text = fresh.text;
      if (text !== null) used.set(key, nowMs);
    } catch {
      send({ type: 'failed', count: 1 });
    }
    send({ type: 'answer', id, text });
  };
  port.on('message', (message: ToSqlite) => {
    if (message.type === 'read') void read(message);
    else if (message.type === 'write') {
      waiting.delete(message.key);
      waiting.set(message.key, message);
      // Not at once: messages that are here already go into the same transaction.
      writing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(write);
    } else if (message.type === 'flush') {
      void Promise.resolve(writing).then(() => send({ type: 'answer', id: message.id, text: null }));
    } else {
      file.close();
      port.close();
    }
  });
}

/** Tries again while another process writes; between two tries other messages are served. */
async function whileBusy<T>(work: () => T): Promise<T> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (true) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= giveUpAt) throw error;
      await new Promise<void>((resolve) => setTimeout(resolve, BUSY_PAUSE_MS));
    }
  }
}

/** SQLITE_BUSY and SQLITE_LOCKED, with the extended codes whose low byte they are. */
function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false;
  const code = Number(error.errcode) & 0xff;
  return code === 5 || code === 6;
}

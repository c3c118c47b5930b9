/** The code of a SQLite cache's thread. Nothing but Node starts it. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { whileBusy } from './busy.ts';
import { ReplyFile } from './reply-file.ts';
import type { FromSqlite, Read, SqliteData, ToSqlite, Write } from './sqlite-wire.ts';

/** Milliseconds until an operation is given up while another process holds the file. */
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
        const evicted = await whileBusy(() => file.write(batch, marks), GIVE_UP_MS);
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
      if (fresh === undefined) text = await whileBusy(() => file.read(key, nowMs), GIVE_UP_MS);
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

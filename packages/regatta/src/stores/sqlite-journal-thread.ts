/** The code of a SQLite journal's thread. Nothing but Node starts it. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { toErrorData } from '../base/error-data.ts';
import { isRegattaError, messageOf, RegattaError } from '../base/errors.ts';
import { whileBusy } from './busy.ts';
import { JournalFile } from './journal-file.ts';
import type { Change, FromJournal, JournalData, Query, ToJournal } from './sqlite-journal-wire.ts';

if (parentPort !== null) serve(parentPort, workerData as JournalData); // what `sqliteJournal` gives

interface Waiting {
  readonly id: number;
  readonly call: Change;
}

/** Nobody waits for an answer to this. */
const NOBODY = 0;

function serve(port: MessagePort, data: JournalData): void {
  const { file: name, leaseMs, busyTimeoutMs } = data;
  const file = new JournalFile(data);
  /** Runs that this process holds, by epoch. */
  const held = new Map<string, number>();
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  const send = (message: FromJournal): void => {
    if (message.id !== NOBODY) port.postMessage(message);
  };

  const commit = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting; // one transaction, and one wait for the disk, for all that wait
      waiting = [];
      try {
        const changes = batch.map(({ call }) => call);
        const outcomes = await whileBusy(() => file.change(changes, Date.now()), busyTimeoutMs);
        for (const [index, { id, call }] of batch.entries()) {
          const outcome = outcomes[index] ?? { value: null };
          if ('value' in outcome) follow(held, call, outcome.value);
          send({ id, ...outcome });
        }
      } catch (error) {
        const failure = toErrorData(toFailure(error, name));
        for (const { id } of batch) send({ id, error: failure });
      }
    }
    writing = undefined;
  };
  const push = (one: Waiting): void => {
    waiting.push(one);
    // Not at once: messages that are here already go into the same transaction.
    writing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(commit);
  };
  const answer = async (id: number, query: Query): Promise<void> => {
    try {
      send({ id, value: await whileBusy(() => file.query(query, Date.now()), busyTimeoutMs) });
    } catch (error) {
      send({ id, error: toErrorData(toFailure(error, name)) });
    }
  };
  const renewing = setInterval(() => {
    if (held.size > 0) push({ id: NOBODY, call: { op: 'renew', held: [...held] } });
  }, leaseMs / 3);
  port.on('message', ({ id, call }: ToJournal) => {
    if (call.op === 'read' || call.op === 'find' || call.op === 'list') void answer(id, call);
    else if (call.op !== 'close') push({ id, call });
    else {
      clearInterval(renewing);
      void Promise.resolve(writing).then(() => {
        file.close();
        send({ id, value: null });
        port.close();
      });
    }
  });
}

/** Keeps account of what this process holds, by what was done. */
function follow(held: Map<string, number>, call: Change, value: unknown): void {
  if (call.op === 'create') held.set(call.run.runId, 1);
  else if (call.op === 'claim')
    held.set(call.runId, (value as { run: { epoch: number } }).run.epoch); // what `claim` gives
  else if (call.op === 'end') held.delete(call.runId);
}

function toFailure(error: unknown, file: string): RegattaError {
  if (isRegattaError(error)) return error;
  const reason = messageOf(error).replace(/[.!?]?$/, '.');
  return new RegattaError(
    'journal/failed',
    `The journal ${file} cannot be used: ${reason} Free the file or the disk, or name another file.`,
    { file },
  );
}

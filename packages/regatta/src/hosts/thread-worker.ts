/** The code of a thread: takes orders for runs, and holds those under way. Nothing but Node starts it. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { RegattaError } from '../base/errors.ts';
import { Outbox } from '../engines/threads/outbox.ts';
import type { FromThread, ToThread } from '../engines/threads/wire.ts';
import { toWireError } from '../engines/threads/wire-error.ts';
import { builtinProviders } from '../models/providers.ts';
import { ThreadRun, type ThreadShare } from './thread-run.ts';

if (parentPort !== null) serve(parentPort);

function serve(port: MessagePort): void {
  const runs = new Map<string, ThreadRun>();
  const outbox = new Outbox<FromThread>(port, failInstead);
  const share: ThreadShare = { outbox, providers: builtinProviders() };
  port.on('message', (message: ToThread) => {
    if (message.type === 'start') {
      const { order } = message;
      const run = new ThreadRun(order, share);
      runs.set(order.runId, run);
      void run.done.then(() => runs.delete(order.runId));
    } else if (message.type === 'ping') {
      outbox.push({ type: 'pong', runs: runs.size });
      outbox.flush();
    } else {
      runs.get(message.runId)?.receive(message);
    }
  });
}

function failInstead(message: FromThread): FromThread {
  if (message.type === 'pong') return message;
  const { type, runId } = message;
  const error = new RegattaError(
    'engine/not-portable',
    `The run says something (${type}) that neither a port nor JSON can carry, such as a function beside a BigInt or a circle. Let models and tools give plain data.`,
    { engine: 'threads', field: type },
  );
  return { type: 'fail', runId, error: toWireError(error) };
}

/** A thread that has nothing to do but to say that events happened: the bridge without the work around it. */
import { parentPort, workerData } from 'node:worker_threads';
import { Outbox } from '../../packages/regatta/src/engines/threads/outbox.ts';
import type { FromRun } from '../../packages/regatta/src/engines/threads/wire.ts';

const { messages } = workerData as { readonly messages: number }; // `measurePort` gives it

if (parentPort !== null) {
  const outbox = new Outbox<FromRun>(parentPort, (message) => message);
  const runId = '019a0000-0000-7000-8000-000000000000';
  const spanId = `${runId}/task/agent/turn-1`;
  const body = { type: 'model.delta', attempt: 1, kind: 'text', text: 'a piece of ', tool: null } as const;
  for (let index = 0; index < messages; index++) outbox.push({ type: 'draft', runId, spanId, body });
  outbox.flush();
}

/**
 * A process whose runtime has a durable callback: what it hears is a line of a file, before it is done with it.
 * At an event it may wait until it is told to go on, or be killed: handled, and not yet marked as handled.
 */

import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { callback, createRuntime, type RunEvent } from '../../index.ts';
import { dbosEngine } from './index.ts';

export interface Heard {
  readonly pid: number;
  readonly deliveryId: string;
  readonly runId: string;
  readonly id: string;
  readonly type: string;
}

const [connectionString = '', file = '', waitAt = '', dieAt = ''] = process.argv.slice(2);

const billing = callback(
  async ({ id, runId, type }: RunEvent, { deliveryId }) => {
    const heard: Heard = { pid: process.pid, deliveryId, runId, id, type };
    appendFileSync(file, `${JSON.stringify(heard)}\n`);
    if (type === dieAt) process.kill(process.pid, 'SIGKILL');
    if (type === waitAt) await once(process, 'message');
  },
  { durable: true, name: 'billing' },
);

const runtime = createRuntime({ engine: dbosEngine({ connectionString }), callbacks: [billing] });
await runtime.core.ready();
process.send?.('ready');

/** Events of crews on OS threads, as callbacks here hear them: how many a second come across. */
import { Worker } from 'node:worker_threads';
import { createRuntime, type Engine, threads } from 'regatta';
import { crew } from './flood-crew.ts';

export interface Bridge {
  readonly events: number;
  readonly perSecond: number;
  readonly lost: number;
}

/** Messages of `size` threads at once through the product's own outbox, with nothing done on either side. */
export async function measurePort(size: number, messages: number): Promise<Bridge> {
  const workers = Array.from({ length: size }, () => {
    const url = new URL('port-thread.ts', import.meta.url);
    return new Worker(url, { workerData: { messages } });
  });
  let first = 0;
  let heard = 0;
  await Promise.all(
    workers.map(async (worker) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      worker.on('message', (batch: readonly unknown[]) => {
        if (first === 0) first = performance.now();
        heard += batch.length;
      });
      worker.once('exit', () => resolve());
      await promise;
    }),
  );
  const events = size * messages;
  return toBridge({ events, heard, ms: performance.now() - first });
}

/** Streamed answers of `runs` runs at once, all the way from the model to a callback of the runtime. */
export async function measureRuns(engine: Engine | undefined, runs: number): Promise<Bridge> {
  let heard = 0;
  const callbacks = [{ onEvent: () => void heard++, capacity: 2 ** 20 }];
  const runtime = createRuntime({ callbacks, ...(engine === undefined ? {} : { engine }) });
  const flood = async (): Promise<number> => {
    const run = runtime.start(crew, { stream: true });
    await run.result;
    return (await run.flush()).emitted;
  };
  await flood(); // opens a thread, loads the crew
  heard = 0;
  const before = performance.now();
  const emitted = await Promise.all(Array.from({ length: runs }, flood));
  const ms = performance.now() - before;
  await runtime.close();
  return toBridge({ events: emitted.reduce((sum, count) => sum + count, 0), heard, ms });
}

export const threadsOf = (size: number): Engine => threads({ size });

function toBridge({ events, heard, ms }: { events: number; heard: number; ms: number }): Bridge {
  return { events, lost: events - heard, perSecond: Math.round((events * 1000) / ms) };
}

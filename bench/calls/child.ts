/**
 * One contestant in a process of its own: `node --expose-gc child.ts '<CallTask as JSON>'`. The last
 * line that it prints is a `CallMeasurement` as JSON. An answer with another call's marker ends it.
 */
import { cpus } from 'node:os';
import {
  type Call,
  type CallMeasurement,
  type ContestantModule,
  MODEL_ID,
  promptOf,
  SYSTEM,
} from './call.ts';

export interface CallTask {
  /** URL of the contestant's module. */
  readonly module: string;
  /** Of the mock model server. */
  readonly origin: string;
  readonly concurrency: number;
  readonly warmUpCalls: number;
  readonly calls: number;
  /** The core that the process is pinned to; null = none. */
  readonly core: number | null;
}

async function main({ module, origin, core, ...load }: CallTask): Promise<void> {
  const { open } = (await import(module)) as ContestantModule; // what every contestant exports
  const { call, close } = await open({
    baseURL: `${origin}/v1`,
    modelId: MODEL_ID,
    system: SYSTEM,
    prompt: promptOf,
  });
  await run(call, { from: 0, count: load.warmUpCalls, concurrency: load.concurrency });
  globalThis.gc?.();
  const busyBefore = busyMs(core);
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run(call, { from: load.warmUpCalls, count: load.calls, concurrency: load.concurrency });
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000;
  const others = (busyMs(core) - busyBefore - cpuMs) / ms;
  await close();
  const measurement: CallMeasurement = {
    calls: load.calls,
    cpuMsPerCall: cpuMs / load.calls,
    callsPerSecond: (load.calls / ms) * 1000,
    othersShare: core === null ? null : Math.max(0, others),
  };
  console.log(JSON.stringify(measurement));
}

interface Load {
  /** Number of the first call: no two of a process share a marker. */
  readonly from: number;
  readonly count: number;
  readonly concurrency: number;
}

async function run(call: Call, { from, count, concurrency }: Load): Promise<void> {
  let next = from;
  const work = async (): Promise<void> => {
    while (next < from + count) {
      const marker = `RUN-${(next++).toString(36).padStart(6, '0')}`;
      const text = await call(marker);
      if (!text.startsWith(`${marker} `))
        throw new Error(`The answer to ${marker} is "${text.slice(0, 40)}".`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

/** Milliseconds that a core has been busy, with whatever. */
function busyMs(core: number | null): number {
  const times = core === null ? undefined : cpus()[core]?.times;
  return times === undefined ? 0 : times.user + times.nice + times.sys + times.irq;
}

await main(JSON.parse(process.argv[2] ?? '') as CallTask); // written by run.ts
process.exit(0); // whatever a contestant leaves open is not ours to wait for

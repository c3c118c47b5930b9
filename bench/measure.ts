/** What is measured of one contestant in one process. */
import { cpus } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunCrew } from './job.ts';
import type { MockStats } from './mock-model.ts';
import { type Correctness, Runner } from './runner.ts';

export type Scenario =
  /** CPU and throughput with `concurrency` crews at once. */
  | {
      readonly kind: 'load';
      readonly concurrency: number;
      readonly warmUpCrews: number;
      /** At least so many crews, and at least so long. */
      readonly crews: number;
      readonly ms: number;
    }
  /** How long others wait for the event loop where crews come at a rate, whether the last one is done or not. */
  | {
      readonly kind: 'pace';
      readonly warmUpCrews: number;
      readonly ms: number;
      /** Crews that begin in a second. 0 = half of what Regatta did in `load-100`: whoever starts the process puts it in. */
      readonly perSecond: number;
    }
  /** Live heap while `concurrency` crews wait for their first answer. */
  | { readonly kind: 'freeze'; readonly concurrency: number; readonly warmUpCrews: number }
  /** Live heap that `crews` finished crews leave behind. */
  | {
      readonly kind: 'retain';
      readonly concurrency: number;
      readonly warmUpCrews: number;
      readonly crews: number;
    };

/** At least: one crew after the other would take long to warm up. */
const WARM_UP_CONCURRENCY = 10;

export interface Figures {
  readonly cpuMsPerCrew?: number;
  readonly crewsPerSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Milliseconds by which timers are late. */
  readonly loopDelayP99Ms?: number;
  readonly liveKbPerCrew?: number;
  /** Crews that waited for the server when the heap was weighed. The others waited for a socket. */
  readonly held?: number;
  readonly retainedKbPerCrew?: number;
  /** Part of the core's time that other processes took, 0 to 1. Absent where it is not known. */
  readonly othersShare?: number;
  /** From the start of the first crew of the process to its end: what is loaded on first use. */
  readonly firstCrewMs: number;
}

export interface Measurement extends Figures {
  readonly correctness: Correctness;
}

export interface Server {
  hold(): Promise<MockStats>;
  release(): Promise<MockStats>;
  stats(): Promise<MockStats>;
}

export interface MeasureOptions {
  readonly runCrew: RunCrew;
  readonly server: Server;
  readonly collectGarbage: () => void;
  /** The core that this process is pinned to. */
  readonly core?: number | undefined;
  /** Called right before and right after what counts, so that it can be profiled. */
  readonly onWindow?: (edge: 'start' | 'end') => Promise<void>;
}

export async function measure(scenario: Scenario, options: MeasureOptions): Promise<Measurement> {
  const runner = new Runner(options.runCrew);
  const start = performance.now();
  await runner.run({ concurrency: 1, crews: 1 });
  const firstCrewMs = performance.now() - start;
  await runner.run({
    concurrency: Math.max(WARM_UP_CONCURRENCY, 'concurrency' in scenario ? scenario.concurrency : 0),
    crews: scenario.warmUpCrews,
  });
  const figures = await measureOnce(scenario, runner, options);
  return { ...figures, firstCrewMs, correctness: runner.correctness };
}

async function measureOnce(
  scenario: Scenario,
  runner: Runner,
  options: MeasureOptions,
): Promise<Omit<Figures, 'firstCrewMs'>> {
  switch (scenario.kind) {
    case 'load':
      return await measureLoad(scenario, runner, options);
    case 'pace':
      return await measureDelay(scenario, runner, options);
    case 'freeze':
      return await measureLiveHeap(scenario.concurrency, runner, options);
    case 'retain': {
      const before = await weigh(options);
      await options.onWindow?.('start');
      await runner.run(scenario);
      await options.onWindow?.('end');
      return { retainedKbPerCrew: ((await weigh(options)) - before) / 1024 / scenario.crews };
    }
    default:
      return scenario satisfies never;
  }
}

async function measureLoad(
  scenario: Extract<Scenario, { kind: 'load' }>,
  runner: Runner,
  { collectGarbage, onWindow, core }: MeasureOptions,
): Promise<Omit<Figures, 'firstCrewMs'>> {
  collectGarbage();
  await onWindow?.('start');
  const busyBefore = busyMs(core);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const latencies = await runner.run(scenario);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000;
  const others = (busyMs(core) - busyBefore - cpuMs) / ms;
  await onWindow?.('end');
  return {
    cpuMsPerCrew: cpuMs / latencies.length,
    crewsPerSecond: (latencies.length / ms) * 1000,
    ...percentilesOf(latencies),
    ...(core === undefined ? {} : { othersShare: Math.max(0, others) }),
  };
}

/** Milliseconds between two looks at the event loop. */
const DELAY_RESOLUTION_MS = 1;

async function measureDelay(
  { ms, perSecond }: Extract<Scenario, { kind: 'pace' }>,
  runner: Runner,
  { collectGarbage, onWindow }: MeasureOptions,
): Promise<Omit<Figures, 'firstCrewMs'>> {
  collectGarbage();
  await onWindow?.('start');
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  const latencies = await runner.runAt({ perSecond, ms });
  delay.disable();
  await onWindow?.('end');
  return {
    crewsPerSecond: perSecond,
    ...percentilesOf(latencies),
    loopDelayP99Ms: delay.percentile(99) / 1e6 - DELAY_RESOLUTION_MS, // it counts its own pause, too
  };
}

function percentilesOf(latencies: number[]): { readonly p50Ms: number; readonly p99Ms: number } {
  const sorted = latencies.sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** Milliseconds that a core has been busy, with whatever. */
function busyMs(core: number | undefined): number {
  const times = core === undefined ? undefined : cpus()[core]?.times;
  return times === undefined ? 0 : times.user + times.nice + times.sys + times.irq;
}

async function measureLiveHeap(
  concurrency: number,
  runner: Runner,
  options: MeasureOptions,
): Promise<Omit<Figures, 'firstCrewMs'>> {
  const { server, onWindow } = options;
  await server.hold();
  const before = await weigh(options);
  await onWindow?.('start');
  const crews = runner.run({ concurrency, crews: concurrency });
  const held = await settledHeld(server);
  const after = await weigh(options);
  await onWindow?.('end');
  await server.release();
  await crews;
  return { liveKbPerCrew: (after - before) / 1024 / concurrency, held };
}

/** The number of answers kept back, once it has stopped to grow. */
async function settledHeld(server: Server): Promise<number> {
  let held = 0;
  for (let still = 0; still < 5; ) {
    await sleep(100);
    const now = (await server.stats()).held;
    still = now === held && held > 0 ? still + 1 : 0;
    held = now;
  }
  return held;
}

/** Bytes that are alive. Twice with a pause: what the first round finalises, the second one frees. */
async function weigh({ collectGarbage }: MeasureOptions): Promise<number> {
  collectGarbage();
  await sleep(50);
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

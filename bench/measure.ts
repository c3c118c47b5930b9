/**
 * What is measured of one contestant in one process. Every crew that runs here is counted: its
 * events, whether its answer is its own, whether it failed.
 */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunCrew, runCounted } from './job.ts';
import type { MockStats } from './mock-model.ts';

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

/** Of all crews of a process, those of the warm-up included. */
export interface Correctness {
  readonly crews: number;
  readonly failed: number;
  readonly firstError: string | null;
  /** Answers without the crew's own marker. */
  readonly wrong: number;
  readonly expected: number;
  readonly received: number;
  readonly lost: number;
  readonly extra: number;
  readonly foreign: number;
}

export interface Figures {
  readonly cpuMsPerCrew?: number;
  readonly crewsPerSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
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
    concurrency: Math.max(WARM_UP_CONCURRENCY, scenario.concurrency),
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
  const sorted = latencies.sort((a, b) => a - b);
  return {
    cpuMsPerCrew: cpuMs / latencies.length,
    crewsPerSecond: (latencies.length / ms) * 1000,
    p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    ...(core === undefined ? {} : { othersShare: Math.max(0, others) }),
  };
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

interface Load {
  readonly concurrency: number;
  readonly crews: number;
  readonly ms?: number;
}

/** Runs crews, numbered through the life of the process, and keeps the account of them. */
class Runner {
  readonly #runCrew: RunCrew;
  #next = 1;
  #correctness: Correctness = {
    crews: 0,
    failed: 0,
    firstError: null,
    wrong: 0,
    expected: 0,
    received: 0,
    lost: 0,
    extra: 0,
    foreign: 0,
  };

  constructor(runCrew: RunCrew) {
    this.#runCrew = runCrew;
  }

  get correctness(): Correctness {
    return this.#correctness;
  }

  /** Runs at least `crews` crews and at least `ms` long, `concurrency` at once. Gives the milliseconds of each. */
  async run({ concurrency, crews, ms = 0 }: Load): Promise<number[]> {
    const latencies: number[] = [];
    const end = performance.now() + ms;
    let started = 0;
    const work = async (): Promise<void> => {
      while (started < crews || performance.now() < end) {
        started++;
        const start = performance.now();
        await this.#runOne(this.#next++);
        latencies.push(performance.now() - start);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    return latencies;
  }

  async #runOne(crew: number): Promise<void> {
    try {
      const { isRight, expected, received, lost, extra, foreign } = await runCounted(this.#runCrew, crew);
      const all = this.#correctness;
      this.#correctness = {
        ...all,
        crews: all.crews + 1,
        wrong: all.wrong + (isRight ? 0 : 1),
        expected: all.expected + expected,
        received: all.received + received,
        lost: all.lost + lost,
        extra: all.extra + extra,
        foreign: all.foreign + foreign,
      };
    } catch (error) {
      const { crews, failed, firstError } = this.#correctness;
      this.#correctness = {
        ...this.#correctness,
        crews: crews + 1,
        failed: failed + 1,
        firstError: firstError ?? String(error),
      };
    }
  }
}

/** Runs crews. Each is counted: its events, whether its answer is its own, whether it failed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunCrew, runCounted } from './job.ts';

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

interface Load {
  readonly concurrency: number;
  readonly crews: number;
  readonly ms?: number;
}

/** Runs crews, numbered through the life of the process, and keeps the account of them. */
export class Runner {
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

  /** Begins `perSecond` crews a second for so long. Gives the milliseconds of each from when it was due. */
  async runAt({ perSecond, ms }: { readonly perSecond: number; readonly ms: number }): Promise<number[]> {
    const latencies: number[] = [];
    const begun: Promise<void>[] = [];
    const start = performance.now();
    const runDue = async (dueMs: number): Promise<void> => {
      await this.#runOne(this.#next++);
      latencies.push(performance.now() - start - dueMs);
    };
    for (let passed = 0; passed < ms; passed = performance.now() - start) {
      while ((begun.length / perSecond) * 1000 <= passed)
        begun.push(runDue((begun.length / perSecond) * 1000));
      await sleep(1);
    }
    await Promise.all(begun);
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

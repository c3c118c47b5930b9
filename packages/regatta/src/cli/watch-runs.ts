/** Runs crews while their progress is shown, until all have ended, or the keyboard says stop. */
import type { Runtime } from '../index.ts';
import { watchInterrupts } from './interrupt.ts';
import type { Progress } from './progress.ts';
import { type Entry, lanesOf, type Outcome, runAll } from './run-all.ts';

export interface WatchOptions {
  /** Closed when the runs have ended. */
  readonly runtime: Runtime;
  /** Runs at once, at least 1. */
  readonly concurrency: number;
  readonly progress: Progress;
}

export interface Watched {
  /** In the order of the entries. */
  readonly outcomes: readonly Outcome[];
  /** What the process should exit with after an interrupt; undefined when there was none. */
  readonly interruptCode: number | undefined;
}

/** Milliseconds for what a runtime still holds; less when somebody wants to leave. */
const CLOSE_MS = 5_000;
const HURRIED_CLOSE_MS = 500;

export async function watchRuns(
  entries: readonly Entry[],
  { runtime, concurrency, progress }: WatchOptions,
): Promise<Watched> {
  const interrupt = watchInterrupts((message) => progress.print(message));
  const { signal } = interrupt;
  try {
    progress.start(lanesOf(entries));
    const outcomes = await runAll(entries, { runtime, concurrency, signal, onChange: progress.update });
    progress[Symbol.dispose]();
    await runtime.close({ timeoutMs: signal.aborted ? HURRIED_CLOSE_MS : CLOSE_MS });
    return { outcomes, interruptCode: interrupt.exitCode };
  } finally {
    progress[Symbol.dispose]();
    interrupt[Symbol.dispose]();
  }
}

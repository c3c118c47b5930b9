/** `threads`: runs on OS threads. */
import { availableParallelism } from 'node:os';
import { Problems } from '../base/problems.ts';
import { createThreadsEngine } from '../engines/threads/engine.ts';
import { Pool } from '../engines/threads/pool.ts';
import type { Engine } from '../ports/engine.ts';

export interface ThreadsOptions {
  /** Threads at most; each serves any number of runs. @default the processor's cores less one, at least 1 */
  readonly size?: number;
  /**
   * A cancelled run frees its caller whatever its thread is doing. A thread that is still held by its
   * code so many milliseconds later is ended, and with it every run on it. @default never
   */
  readonly terminateAfterMs?: number;
  /** Megabytes of heap for one thread; one that needs more is lost, and nothing else. @default Node's */
  readonly maxHeapMb?: number;
}

/**
 * An engine that runs crews on OS threads: tools may use the processor without holding up this thread
 * or, on other cores, each other. Events, callbacks, guards, usage and results are as on the event
 * loop. It is for crews with a `ref`, because a thread loads the crew by itself.
 *
 * When a thread is lost (a tool exits, or uses up the memory), its runs fail with `run/worker-lost`,
 * and later runs get another. Threads open on first use; idle ones do not keep the process alive.
 *
 * @throws RegattaError `definition/invalid`
 * @example
 * const runtime = createRuntime({ engine: threads({ size: 4 }), env: process.env });
 */
export function threads({
  size = Math.max(1, availableParallelism() - 1),
  terminateAfterMs,
  maxHeapMb,
}: ThreadsOptions = {}): Engine {
  const problems = new Problems('threads');
  problems.integer('size', size, 1);
  problems.integer('terminateAfterMs', terminateAfterMs, 1);
  problems.integer('maxHeapMb', maxHeapMb, 1);
  problems.throwIfAny();
  return createThreadsEngine(new Pool({ url: threadUrl(), size, maxHeapMb }), { terminateAfterMs });
}

/** Of a thread's code: TypeScript where this file is, JavaScript where the package was built. */
export function threadUrl(): URL {
  const { url } = import.meta;
  const extension = url.slice(url.lastIndexOf('.')).replace(/[?#].*/, '');
  return new URL(`../hosts/thread-worker${extension}`, url);
}

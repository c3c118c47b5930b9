/** Runs on OS threads, as values of the `Engine` seam. */
import { RegattaError } from '../../base/errors.ts';
import type { Engine, Job } from '../../ports/engine.ts';
import type { RunContext } from '../../ports/run-context.ts';
import type { CrewRef } from '../../protocol/crew-ref.ts';
import type { Pool } from './pool.ts';
import { toPortableFacts } from './portable-facts.ts';
import { CREDITS, RemoteRun } from './remote-run.ts';
import { threadData } from './thread-data.ts';
import type { RunOrder } from './wire.ts';

export const THREADS = 'threads';

export interface ThreadsEngineOptions {
  readonly terminateAfterMs: number | undefined;
}

export function createThreadsEngine(pool: Pool, { terminateAfterMs }: ThreadsEngineOptions): Engine {
  async function execute<Output>(job: Job<Output>, context: RunContext): Promise<Output> {
    const { ref, inputs, settings = null } = job;
    if (ref === null) throw noRef(job.name);
    const here = threadData();
    if (here?.loading.has(ref.module)) throw startedAtImport(ref);
    // A thread of ours is where the work should be: it opens no others. Inputs that are no JSON are
    // refused when the run is planned, which needs no thread.
    if (here !== undefined || inputs === null) return await job.start(context);
    if (context.context !== undefined) throw contextGiven();
    context.signal.throwIfAborted();
    const order = toOrder({ ref, inputs, settings }, context);
    const entries = (): ReturnType<typeof job.entries> => job.entries();
    const run = new RemoteRun({ order, context, entries, terminateAfterMs }, pool.pick());
    try {
      return await job.revive(await run.output, context);
    } finally {
      run.leave();
    }
  }
  return Object.freeze({ name: THREADS, execute, close: () => pool.close() });
}

type Ordered = Pick<RunOrder, 'ref' | 'inputs' | 'settings'>;

function toOrder(ordered: Ordered, context: RunContext): RunOrder {
  const { runId, startedAtMs, epoch, seed, facts, wantsDeltas, isJournaled, span } = context;
  const guarded = span.scope.flatMap((entry) => (entry.kind === 'guard' ? [entry.at] : []));
  return {
    ...ordered,
    runId,
    facts: toPortableFacts(facts, THREADS),
    wantsDeltas,
    isJournaled,
    startedAtMs,
    epoch,
    seed,
    guarded,
    credits: CREDITS,
  };
}

function noRef(crew: string): RegattaError {
  return new RegattaError(
    'engine/no-ref',
    `"${crew}" has no ref, so a thread cannot load it: functions do not cross threads. Export the crew from a module of its own, with ref: crewRef({ name: '${crew}', module: import.meta.url }).`,
    { engine: THREADS, crew },
  );
}

function contextGiven(): RegattaError {
  return new RegattaError(
    'engine/not-portable',
    'The run was given a context, and objects do not cross threads. Leave it out and give the crew createContext(run), which is called on the thread.',
    { engine: THREADS, field: 'context' },
  );
}

function startedAtImport({ module }: CrewRef): RegattaError {
  return new RegattaError(
    'engine/not-portable',
    `Module "${module}" starts a run of its crew when it is imported, so each thread that loads the crew would start one too. Move the crew into a module that only defines it.`,
    { engine: THREADS, field: 'module' },
  );
}

/** Runs crews side by side, a bounded number at once, and gives what became of each. */
import {
  type Audit,
  type Crew,
  type CrewOutput,
  type KickoffOptions,
  type ReadableEvent,
  RegattaError,
  type Run,
  type RunStatus,
  type Runtime,
  type TaskOutput,
} from '../index.ts';
import { cancelLane, createLane, foldLane, type Lane } from './lane.ts';

/** A run to be. */
export interface Entry {
  readonly name: string;
  readonly crew: Crew;
  readonly options: Omit<KickoffOptions, 'runtime' | 'signal'>;
  /** In place of a new one: a run that was begun already. */
  readonly begun?: Run<CrewOutput>;
  /** Called before any event is handed over. */
  readonly onStart?: (run: Run<CrewOutput>) => void;
}

/** What became of a run. */
export interface Outcome {
  readonly entry: Entry;
  readonly status: RunStatus;
  /** Its last state. */
  readonly lane: Lane;
  /** Undefined when it was cancelled before it started. */
  readonly run: Run<CrewOutput> | undefined;
  /** Undefined unless it succeeded. */
  readonly output: CrewOutput | undefined;
  /** Why it did not succeed. */
  readonly error: unknown;
  /** The tasks that were done, also when the run failed, in the order in which they ended. */
  readonly reached: readonly TaskOutput[];
  readonly audit: Audit | undefined;
}

export interface RunAllOptions {
  readonly runtime: Runtime;
  /** Runs at once, at least 1. */
  readonly concurrency: number;
  /** Cancels the runs under way, and those that wait do not start. */
  readonly signal: AbortSignal;
  /** Hears of every change; `event` is null for a run that will not start. */
  readonly onChange: (index: number, lane: Lane, event: ReadableEvent | null) => void;
}

/** Milliseconds for callbacks that are not done when their run is; less when somebody wants to leave. */
const FLUSH_MS = 10_000;
const HURRIED_FLUSH_MS = 500;

export function lanesOf(entries: readonly Entry[]): readonly Lane[] {
  return entries.map(({ name, crew }) => createLane(name, crew.tasks.length));
}

/** Outcomes in the order of `entries`. A run that fails does not touch the others; never rejects because of a run. */
export async function runAll(entries: readonly Entry[], options: RunAllOptions): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const queue = entries.entries(); // one iterator for all workers: each entry is taken once
  const work = async (): Promise<void> => {
    for (const [index, entry] of queue) outcomes[index] = await runOne(entry, index, options);
  };
  await Promise.all(Array.from({ length: Math.min(options.concurrency, entries.length) }, work));
  return outcomes;
}

async function runOne(entry: Entry, index: number, options: RunAllOptions): Promise<Outcome> {
  const { runtime, signal, onChange } = options;
  const waiting = createLane(entry.name, entry.crew.tasks.length);
  if (signal.aborted) {
    const lane = cancelLane(waiting);
    onChange(index, lane, null);
    return notStarted(entry, lane, reasonOf(signal));
  }
  const run = entry.begun ?? runtime.start(entry.crew, entry.options);
  entry.onStart?.(run);
  const cancel = (): void => run.cancel(reasonOf(signal));
  signal.addEventListener('abort', cancel, { once: true });
  const { lane, reached } = await follow(run, waiting, (lane, event) => onChange(index, lane, event));
  signal.removeEventListener('abort', cancel);
  const [settled] = await Promise.allSettled([run.result]);
  const audit = await run.flush({ timeoutMs: signal.aborted ? HURRIED_FLUSH_MS : FLUSH_MS });
  const base = { entry, lane, run, reached, audit };
  if (settled.status === 'fulfilled') {
    return { ...base, status: 'succeeded', output: settled.value, error: undefined };
  }
  const status = run.status === 'running' || run.status === 'succeeded' ? 'failed' : run.status; // it has ended
  return { ...base, status, output: undefined, error: settled.reason };
}

/** Reads the run's events to the last one. */
async function follow(
  run: Run<CrewOutput>,
  waiting: Lane,
  onChange: (lane: Lane, event: ReadableEvent) => void,
): Promise<{ readonly lane: Lane; readonly reached: readonly TaskOutput[] }> {
  let lane = waiting;
  const reached: TaskOutput[] = [];
  const agents = new Map<string, string>();
  for await (const event of run.events()) {
    lane = foldLane(lane, event);
    onChange(lane, event);
    if (event.type === 'task.start') agents.set(event.task, event.agent);
    if (event.type === 'task.end' && event.text !== null) {
      const { task, text, parsed } = event;
      reached.push({ task, agent: agents.get(task) ?? '', text, parsed });
    }
  }
  return { lane, reached };
}

function notStarted(entry: Entry, lane: Lane, reason: string): Outcome {
  const error = new RegattaError(
    'run/cancelled',
    `The run was cancelled before it started: ${reason}. Start it again to get a result.`,
    { runId: '', reason },
  );
  const nothing = { run: undefined, output: undefined, reached: [], audit: undefined };
  return { ...nothing, entry, lane, error, status: 'cancelled' };
}

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason);
}

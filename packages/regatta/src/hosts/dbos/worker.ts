/** `createWorker`: a process that takes runs out of queues and does them. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../api/runtime.ts';
import { messageOf } from '../../base/errors.ts';
import { Problems } from '../../base/problems.ts';
import { type ClientOptions, checkLimits, QueueClient, type QueueLimits } from '../../engines/dbos/client.ts';
import { DbosExecutor } from '../../engines/dbos/executor.ts';
import { localEngine } from '../../engines/local.ts';
import type { Engine } from '../../ports/engine.ts';
import { Budgets } from '../../stores/postgres-budgets.ts';
import { Database, type PostgresOptions } from '../../stores/postgres-database.ts';
import { Fleet } from '../../stores/postgres-fleet.ts';
import { PostgresJournal } from '../../stores/postgres-journal.ts';
import { Outbox } from '../../stores/postgres-outbox.ts';
import { Rates } from '../../stores/postgres-rates.ts';
import { type CrewSources, Crews } from './crews.ts';
import { Deliverer } from './deliver.ts';
import { migrateDbos } from './migrate.ts';
import { type OperationsServer, serveOperations } from './operations-server.ts';
import { Performer } from './performer.ts';
import { Reaper } from './reaper.ts';
import { workerMetrics } from './worker-metrics.ts';

export interface WorkerOptions extends PostgresOptions, CrewSources {
  /** Queues to take runs from. @default ['default'] */
  readonly queues?: readonly string[];
  /** Sets up queues by name. One that nobody has set up has ten runs at once on each worker. */
  readonly limits?: Readonly<Record<string, QueueLimits>>;
  /** Takes only runs of crews whose ref has this version. @default '' */
  readonly version?: string;
  /** Environment, callbacks (durable ones, too) and models of the runs. Where they are journaled is the worker's matter. @default {} */
  readonly runtime?: Omit<RuntimeOptions, 'engine' | 'journal'>;
  /** Milliseconds, at most, from the death of a worker to its runs being back in their queue. The same for all workers. @default 15000 */
  readonly failoverMs?: number;
  /** Recoveries of a run without a new result, after which it is put aside. @default 5 */
  readonly maxRecoveries?: number;
  /** Answers `GET /health` and `GET /metrics` here; 0 = on any free port. @default not at all */
  readonly port?: number;
  /** Hears what the worker does by itself, a line each. @default nobody */
  readonly onLog?: (line: string) => void;
}

export interface CloseWorkerOptions {
  /** Milliseconds for runs under way to end; then they go on elsewhere. @default 30000 */
  readonly timeoutMs?: number;
}

export interface Worker extends AsyncDisposable {
  /** Unlike all others'. */
  readonly id: string;
  /** Runs under way here. */
  readonly running: number;
  /** Where it answers operators; null = nowhere. */
  readonly port: number | null;
  /** Takes no more runs, lets those under way end, and gives back the rest. Idempotent. */
  close(options?: CloseWorkerOptions): Promise<void>;
}

const FAILOVER_MS = 15_000;
const MAX_RECOVERIES = 5;
const DRAIN_MS = 30_000;
const CONNECTIONS = 4;

/**
 * Starts a worker. Needs the packages `pg` and `@dbos-inc/dbos-sdk`, and a process without another one.
 *
 * @throws RegattaError `definition/invalid`, `postgres/*`, `engine/missing-package`, `engine/in-use`, `engine/bad-port`
 * @example
 * const worker = await createWorker({ connectionString, crews: [report], runtime: { env: process.env } });
 */
export async function createWorker(options: WorkerOptions): Promise<Worker> {
  const settings = check(options);
  const { queues, limits, failoverMs, maxRecoveries, version, log, connections, schema } = settings;
  const crews = new Crews(options);
  const database = new Database({ ...options, connections, schema });
  const fleet = new Fleet(database);
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const journal = new PostgresJournal(database, failoverMs);
  const rates = new Rates(database);
  // Its runs are done here, and their events kept in the database: also for durable callbacks.
  const deliverer = new Deliverer({ outbox: new Outbox(database), fleet, log });
  const engine: Engine = {
    ...localEngine,
    deliver: (...given) => deliverer.deliver(...given),
    close: () => deliverer.close(),
  };
  const runtime = createRuntime({ ...options.runtime, engine });
  let executor: DbosExecutor | undefined;
  // As soon as the database is there again, however long that takes; a worker that is closed is done with it.
  const putBack = async (executionId: string): Promise<void> => {
    while (true) {
      try {
        return await executor?.putBack([executionId]);
      } catch (error) {
        log(`run ${executionId} waits to be put back: ${messageOf(error)}`);
        await new Promise<void>((resolve) => setTimeout(resolve, PUT_BACK_MS));
      }
    }
  };
  const performer = new Performer({
    core: runtime.core,
    journal,
    fleet,
    crews,
    budgets: new Budgets(database),
    rates,
    putBack,
  });
  const about = () => ({
    queues,
    version,
    running: performer.running.length,
    done: performer.done,
    waiting: rates.waiting,
  });
  try {
    await migrateDbos(database, options.connectionString);
    await setUpQueues({ ...options, schema: database.schema, connections, log, queues, limits });
    await Promise.all([rates.refresh(), runtime.core.ready()]);
    await fleet.beat(id, about()); // before DBOS can give it anything: whoever has no sign of life is dead
    executor = await DbosExecutor.launch({
      connectionString: options.connectionString,
      schema: database.schema,
      connections,
      worker: id,
      version,
      queues,
      log,
      perform: (executionId, order) => performer.perform(executionId, order),
    });
  } catch (error) {
    await executor?.close({ timeoutMs: 0 });
    await fleet.forget([id]).catch(() => undefined); // the first error says more
    await runtime.close();
    await journal.close();
    throw error;
  }
  const reaper = new Reaper({
    worker: id,
    fleet,
    executor,
    performer,
    rates,
    failoverMs,
    maxRecoveries,
    about,
    log,
  });
  const parts = { id, executor, performer, reaper, fleet, journal, runtime };
  if (options.port === undefined) return new RunningWorker({ ...parts, operations: undefined });
  try {
    const operations = await serveOperations({
      port: options.port,
      health: () => ({
        isWell: reaper.silentMs < failoverMs && !performer.isDraining,
        about: { worker: id, ...about() },
      }),
      metrics: () => workerMetrics({ fleet, performer, rates, reaper }),
    });
    return new RunningWorker({ ...parts, operations });
  } catch (error) {
    await new RunningWorker({ ...parts, operations: undefined }).close({ timeoutMs: 0 });
    throw error;
  }
}

const DEFAULT_QUEUE = 'default';
/** Milliseconds between two tries to put a run back. */
const PUT_BACK_MS = 1_000;

/** Before the first run is taken: a worker that already looks into a queue learns of its limits only later. */
async function setUpQueues({
  queues,
  limits,
  ...options
}: Pick<ReturnType<typeof check>, 'queues' | 'limits'> & ClientOptions): Promise<void> {
  const client = await QueueClient.open(options);
  try {
    for (const queue of queues) {
      const own = limits[queue];
      if (own === undefined) await client.ensureQueue(queue);
      else await client.setQueue(queue, own);
    }
  } finally {
    await client.close();
  }
}

interface Parts {
  readonly id: string;
  readonly executor: DbosExecutor;
  readonly performer: Performer;
  readonly reaper: Reaper;
  readonly fleet: Fleet;
  readonly journal: PostgresJournal;
  readonly runtime: Runtime;
  readonly operations: OperationsServer | undefined;
}

class RunningWorker implements Worker {
  readonly #parts: Parts;
  #closing: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get id(): string {
    return this.#parts.id;
  }

  get running(): number {
    return this.#parts.performer.running.length;
  }

  get port(): number | null {
    return this.#parts.operations?.port ?? null;
  }

  close({ timeoutMs = DRAIN_MS }: CloseWorkerOptions = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(timeoutMs: number): Promise<void> {
    const { id, executor, performer, reaper, fleet, journal, runtime, operations } = this.#parts;
    performer.drain();
    await executor.close({ timeoutMs }); // signs of life go on meanwhile
    await performer.giveUp();
    await reaper.close();
    await fleet.forget([id]); // so what is left goes on at another worker as soon as one looks
    await runtime.close({ timeoutMs: 0 });
    await journal.close();
    await operations?.[Symbol.asyncDispose]();
  }
}

function check(options: WorkerOptions) {
  const {
    queues = [DEFAULT_QUEUE],
    limits = {},
    failoverMs = FAILOVER_MS,
    maxRecoveries = MAX_RECOVERIES,
  } = options;
  const problems = new Problems('The worker');
  if (queues.length === 0) problems.add('queues', queues, 'queues must name at least one, got []. Name one.');
  for (const [index, queue] of queues.entries()) problems.text(`queues[${index}]`, queue);
  problems.duration('failoverMs', failoverMs, 500);
  problems.integer('maxRecoveries', maxRecoveries, 0);
  problems.integer('port', options.port, 0);
  if ((options.port ?? 0) > 65_535) {
    problems.add(
      'port',
      options.port,
      `port must be at most 65535, got ${options.port}. Correct it or leave it out.`,
    );
  }
  problems.throwIfAny();
  for (const [queue, own] of Object.entries(limits)) checkLimits(`The limits of queue "${queue}"`, own);
  return {
    queues,
    limits,
    failoverMs,
    maxRecoveries,
    version: options.version ?? '',
    log: options.onLog ?? (() => undefined),
    connections: options.connections ?? CONNECTIONS,
    schema: options.schema ?? 'regatta',
  };
}

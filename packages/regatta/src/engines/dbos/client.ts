/** The queues as whoever orders runs sees them. Any number of clients may live in one process. */
import { Problems } from '../../base/problems.ts';
import { type RunOrder, runIdOf } from './order.ts';
import { APPLICATION, dbosSchema, loadSdk, SCHEDULED, toLogger, versionName, WORKFLOW } from './sdk.ts';

export interface ClientOptions {
  readonly connectionString: string;
  readonly schema: string;
  readonly connections: number;
  readonly log: (line: string) => void;
}

/** An execution as DBOS has it. */
export interface Execution {
  readonly executionId: string;
  readonly runId: string;
  readonly status: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly order: RunOrder | null;
  /** The worker that has it or had it last. */
  readonly worker: string | null;
}

export interface QueueLimits {
  /** Runs of the queue at once, over all workers. @default no limit */
  readonly concurrency?: number;
  /** Runs of the queue at once on one worker. @default 10 */
  readonly workerConcurrency?: number;
  /** Runs at once of one tenant, over all workers. @default no limit */
  readonly tenantConcurrency?: number;
  /** Runs that are started in a time, over all workers. @default no limit */
  readonly rate?: StartRate;
  /** Runs of one tenant that are started in a time, over all workers. @default no limit */
  readonly tenantRate?: StartRate;
  /** Milliseconds between two looks of a worker into the queue. @default 100 */
  readonly pollMs?: number;
}

export interface StartRate {
  readonly runs: number;
  readonly perMs: number;
}

/** A run that is ordered at times. */
export interface Schedule {
  readonly name: string;
  /** Five fields, or six with seconds first. */
  readonly cron: string;
  /** Such as `Europe/Paris`; null = UTC. */
  readonly timeZone: string | null;
  readonly order: RunOrder;
}

/** What a tenant's runs are kept apart by where they name none. */
const NO_TENANT = '-';
const WORKER_CONCURRENCY = 10;
const POLL_MS = 100;

type SdkClient = Awaited<ReturnType<Awaited<ReturnType<typeof loadSdk>>['DBOSClient']['create']>>;
type SdkEnqueueOptions = Parameters<SdkClient['enqueue']>[0];
type SdkStatus = NonNullable<Awaited<ReturnType<SdkClient['listWorkflows']>>[number]>;

export class QueueClient {
  readonly #client: SdkClient;

  private constructor(client: SdkClient) {
    this.#client = client;
  }

  /** The tables must be there. @throws RegattaError `engine/missing-package` */
  static async open({ connectionString, schema, connections, log }: ClientOptions): Promise<QueueClient> {
    const { DBOSClient } = await loadSdk();
    const client = await DBOSClient.create({
      systemDatabaseUrl: connectionString,
      systemDatabaseSchemaName: dbosSchema(schema),
      systemDatabasePoolSize: connections,
      logger: toLogger(log),
      applicationName: APPLICATION,
    });
    return new QueueClient(client);
  }

  /** One that is there already stays as it is, whatever it was ordered with. */
  async enqueue(executionId: string, order: RunOrder): Promise<void> {
    await this.#client.enqueue(toSdkOptions(executionId, order), order);
  }

  /** One of the same name is replaced. */
  async schedule({ name, cron, timeZone, order }: Schedule): Promise<void> {
    const options = timeZone === null ? {} : { cronTimezone: timeZone };
    const schedule = {
      scheduleName: name,
      workflowName: SCHEDULED,
      schedule: cron,
      context: order,
      ...options,
    };
    await this.#client.applySchedules([schedule]);
  }

  async schedules(): Promise<readonly Schedule[]> {
    const found = await this.#client.listSchedules({ workflowName: SCHEDULED, applicationName: APPLICATION });
    return found.map(({ scheduleName: name, schedule: cron, cronTimezone: timeZone, context }) => ({
      ...{ name, cron, timeZone },
      order: context as RunOrder, // `schedule` gave it
    }));
  }

  async unschedule(name: string): Promise<void> {
    await this.#client.deleteSchedule(name);
  }

  /** All executions of a run, the first one first. */
  async executionsOf(runId: string): Promise<readonly Execution[]> {
    const found = await this.#client.listWorkflows({
      workflow_id_prefix: runId,
      applicationName: APPLICATION,
    });
    return found.map(toExecution).filter((one) => one.runId === runId);
  }

  async find(executionId: string): Promise<Execution | undefined> {
    const [found] = await this.#client.listWorkflows({ workflowIDs: [executionId] });
    return found && toExecution(found);
  }

  /** What waits and what is under way, the oldest first. */
  async active(filter: { readonly queue?: string; readonly limit?: number }): Promise<readonly Execution[]> {
    const found = await this.#client.listWorkflows({
      status: ['ENQUEUED', 'PENDING'],
      applicationName: APPLICATION,
      ...(filter.queue === undefined ? {} : { queueName: filter.queue }),
      ...(filter.limit === undefined ? {} : { limit: filter.limit }),
    });
    return found.map(toExecution);
  }

  /** Those of `executionIds` that were cancelled. */
  async cancelled(executionIds: readonly string[]): Promise<readonly string[]> {
    if (executionIds.length === 0) return [];
    const filter = { workflowIDs: [...executionIds], status: 'CANCELLED' as const, loadInput: false };
    return (await this.#client.listWorkflows(filter)).map(({ workflowID }) => workflowID);
  }

  async cancel(executionIds: readonly string[]): Promise<void> {
    if (executionIds.length > 0) await this.#client.cancelWorkflows([...executionIds]);
  }

  async setQueue(queue: string, limits: QueueLimits): Promise<void> {
    await this.#client.registerQueue(queue, { ...toQueueParameters(limits), onConflict: 'always_update' });
  }

  /** A queue that nobody has set up gets the defaults. */
  async ensureQueue(queue: string): Promise<void> {
    await this.#client.registerQueue(queue, { ...toQueueParameters({}), onConflict: 'never_update' });
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }
}

/** As DBOS takes them, here and in a workflow. */
export function toSdkOptions(
  executionId: string,
  { queue, ref, tenant, priority }: RunOrder,
): SdkEnqueueOptions {
  return {
    queueName: queue,
    workflowName: WORKFLOW,
    workflowID: executionId,
    appVersion: versionName(ref.version),
    queuePartitionKey: tenant ?? NO_TENANT, // a queue without limits for tenants takes no notice
    priority,
  };
}

/** @throws RegattaError `definition/invalid` */
export function checkLimits(owner: string, limits: QueueLimits): void {
  const problems = new Problems(owner);
  const { concurrency, workerConcurrency, tenantConcurrency, rate, tenantRate, pollMs } = limits;
  problems.integer('concurrency', concurrency, 1);
  problems.integer('workerConcurrency', workerConcurrency, 1);
  problems.integer('tenantConcurrency', tenantConcurrency, 1);
  problems.duration('pollMs', pollMs);
  for (const [field, value] of Object.entries({ rate, tenantRate })) {
    problems.integer(`${field}.runs`, value?.runs, 1);
    problems.duration(`${field}.perMs`, value?.perMs);
  }
  problems.throwIfAny();
}

/** DBOS takes no limit that a wider one makes void: the narrower of the two is what counts anyway. */
function toQueueParameters(limits: QueueLimits): {
  workerConcurrency: number;
  globalConcurrency?: number;
  partitionConcurrency?: number;
  rateLimit?: { limitPerPeriod: number; periodSec: number };
  partitionRateLimit?: { limitPerPeriod: number; periodSec: number };
  minPollingIntervalMs: number;
} {
  const { concurrency = Number.POSITIVE_INFINITY, tenantConcurrency, rate, tenantRate, pollMs } = limits;
  const rateOf = ({ runs, perMs }: StartRate) => ({ limitPerPeriod: runs, periodSec: perMs / 1_000 });
  return {
    workerConcurrency: Math.min(limits.workerConcurrency ?? WORKER_CONCURRENCY, concurrency),
    minPollingIntervalMs: pollMs ?? POLL_MS,
    ...(concurrency === Number.POSITIVE_INFINITY ? {} : { globalConcurrency: concurrency }),
    ...(tenantConcurrency === undefined
      ? {}
      : { partitionConcurrency: Math.min(tenantConcurrency, concurrency) }),
    ...(rate === undefined ? {} : { rateLimit: rateOf(rate) }),
    ...(tenantRate === undefined ? {} : { partitionRateLimit: rateOf(tenantRate) }),
  };
}

const STATUSES: Readonly<Record<string, Execution['status']>> = {
  ENQUEUED: 'queued',
  DELAYED: 'queued',
  PENDING: 'running',
  SUCCESS: 'done',
  CANCELLED: 'cancelled',
};

function toExecution(found: SdkStatus): Execution {
  const [order] = (found.input ?? []) as readonly RunOrder[]; // `enqueue` gave it
  return {
    executionId: found.workflowID,
    runId: runIdOf(found.workflowID),
    status: STATUSES[found.status] ?? 'failed',
    order: order?.form === 1 ? order : null,
    worker: found.executorId ?? null,
  };
}

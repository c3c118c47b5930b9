/**
 * DBOS in this process: it takes executions out of queues and gives each to `perform`. DBOS is a
 * singleton, so a process has one executor at most.
 */
import { RegattaError } from '../../base/errors.ts';
import type { Json } from '../../base/json.ts';
import { toSdkOptions } from './client.ts';
import { type RunOrder, scheduledRunId } from './order.ts';
import {
  APPLICATION,
  dbosSchema,
  loadSdk,
  SCHEDULED,
  type Sdk,
  toLogger,
  versionName,
  WORKFLOW,
} from './sdk.ts';

export interface ExecutorOptions {
  readonly connectionString: string;
  readonly schema: string;
  readonly connections: number;
  /** Who takes executions here: no two processes have the same, and none has it twice. */
  readonly worker: string;
  /** Of the crews: only their runs are taken. */
  readonly version: string;
  readonly queues: readonly string[];
  readonly log: (line: string) => void;
  /** Does an execution, and gives what is to be kept of it. What it throws is kept as DBOS's own failure. */
  readonly perform: (executionId: string, order: RunOrder) => Promise<Json>;
}

/** Milliseconds until a new schedule is known to workers. */
const SCHEDULES_MS = 10_000;

/** Marks the library while an executor has it, so that another copy of this package sees it, too. */
const MARK = Symbol.for('regatta.dbos.executor');

export class DbosExecutor {
  readonly #sdk: Sdk['DBOS'];
  #isOpen = true;

  private constructor(sdk: Sdk['DBOS']) {
    this.#sdk = sdk;
  }

  /** @throws RegattaError `engine/missing-package`, `engine/in-use` */
  static async launch(options: ExecutorOptions): Promise<DbosExecutor> {
    const { DBOS } = await loadSdk();
    if (DBOS.isInitialized() || Reflect.get(DBOS, MARK) === true) throw inUse();
    Reflect.set(DBOS, MARK, true);
    try {
      DBOS.setConfig({
        name: APPLICATION,
        systemDatabaseUrl: options.connectionString,
        systemDatabaseSchemaName: dbosSchema(options.schema),
        systemDatabasePoolSize: options.connections,
        executorID: options.worker,
        applicationVersion: versionName(options.version),
        listenQueues: [...options.queues],
        logger: toLogger(options.log),
        runMigrations: false,
        enableOTLP: false,
        schedulerPollingIntervalMs: SCHEDULES_MS,
        useListenNotify: false, // for DBOS's own messages and streams, of which there are none
      });
      DBOS.registerWorkflow(async (order: RunOrder) => await options.perform(DBOS.workflowID ?? '', order), {
        name: WORKFLOW,
      });
      DBOS.registerWorkflow((_time: Date, order: RunOrder) => orderDue(DBOS, order), { name: SCHEDULED });
      await DBOS.launch();
    } catch (error) {
      await shutDown(DBOS);
      throw error;
    }
    return new DbosExecutor(DBOS);
  }

  /** Executions that are under way: of one worker, or of all. */
  async underWay(
    worker?: string,
  ): Promise<readonly { readonly executionId: string; readonly worker: string }[]> {
    if (!this.#isOpen) return [];
    const found = await this.#sdk.listWorkflows({
      ...{ status: 'PENDING', applicationName: APPLICATION, loadInput: false },
      ...(worker === undefined ? {} : { executorId: worker }),
    });
    return found.map(({ workflowID, executorId = '' }) => ({ executionId: workflowID, worker: executorId }));
  }

  /** Those of `executionIds` that were cancelled. */
  async cancelled(executionIds: readonly string[]): Promise<readonly string[]> {
    if (!this.#isOpen || executionIds.length === 0) return [];
    const filter = { workflowIDs: [...executionIds], status: 'CANCELLED' as const, loadInput: false };
    return (await this.#sdk.listWorkflows(filter)).map(({ workflowID }) => workflowID);
  }

  /** Puts executions back into their queues: whoever has them has them no more. */
  async putBack(executionIds: readonly string[]): Promise<void> {
    if (!this.#isOpen || executionIds.length === 0) return;
    const found = await this.#sdk.listWorkflows({ workflowIDs: [...executionIds], loadInput: false });
    for (const [queue, group] of Map.groupBy(found, ({ queueName }) => queueName)) {
      const ids = group.map(({ workflowID }) => workflowID);
      if (queue !== undefined) await this.#sdk.resumeWorkflows(ids, { queueName: queue });
    }
  }

  async cancel(executionId: string): Promise<void> {
    await this.#sdk.cancelWorkflow(executionId);
  }

  /** Takes no more, and waits at most so long for what is under way. Idempotent. */
  async close({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await shutDown(this.#sdk, timeoutMs);
  }
}

/** Named by its occurrence, so an occurrence that is repeated orders the same run. */
async function orderDue(sdk: Sdk['DBOS'], order: RunOrder): Promise<void> {
  const executionId = scheduledRunId(sdk.workflowID ?? '');
  await sdk.enqueueWorkflowWithOptions(toSdkOptions(executionId, order), order);
}

async function shutDown(sdk: Sdk['DBOS'], timeoutMs = 0): Promise<void> {
  try {
    await sdk.shutdown({ deregister: true, workflowCompletionTimeoutMS: timeoutMs });
  } finally {
    Reflect.deleteProperty(sdk, MARK);
  }
}

function inUse(): RegattaError {
  return new RegattaError(
    'engine/in-use',
    'DBOS is in use in this process already, and it can be there only once. Close the other worker first, or start this one in a process of its own.',
    { engine: 'dbos' },
  );
}

/** `dbosEngine`: runs that any worker on any machine does, ordered and watched from anywhere. */
import { systemClock } from '../../base/clock.ts';
import { createId } from '../../base/ids.ts';
import { toJson } from '../../base/json.ts';
import { Problems, show } from '../../base/problems.ts';
import type { Inputs } from '../../base/template.ts';
import {
  checkLimits,
  type Execution,
  QueueClient,
  type QueueLimits,
  type Schedule,
} from '../../engines/dbos/client.ts';
import { executionId, type RunOrder } from '../../engines/dbos/order.ts';
import { checkAllowance } from '../../observe/allowance.ts';
import type { DeliverOptions, DurableHandler } from '../../ports/durable.ts';
import type { Engine } from '../../ports/engine.ts';
import type { JournaledRun, RunFilter } from '../../ports/journal.ts';
import type { RateLimits } from '../../ports/limiter.ts';
import { type BudgetState, Budgets, type SharedBudget } from '../../stores/postgres-budgets.ts';
import { Database, type PostgresOptions } from '../../stores/postgres-database.ts';
import { type DeadLetter, Fleet, type WorkerSeen } from '../../stores/postgres-fleet.ts';
import { PostgresJournal } from '../../stores/postgres-journal.ts';
import { Outbox, type StuckDelivery } from '../../stores/postgres-outbox.ts';
import { type RateState, Rates } from '../../stores/postgres-rates.ts';
import { unknownRun as unknownInJournal } from '../../stores/postgres-writer.ts';
import { Deliverer } from './deliver.ts';
import { executeOn } from './execute.ts';
import { migrateDbos } from './migrate.ts';
import {
  type CrewName,
  checkName,
  checkOrder,
  checkPoint,
  checkRate,
  type EnqueueOptions,
  idOf,
  type RemoteForkOptions,
  type RemoteReplayOptions,
  refOf,
  type ScheduleOptions,
  unknownSchedule,
} from './orders.ts';
import { type RemoteParts, type RemoteRun, remoteRun, unknownRun } from './remote-run.ts';
import { Watcher } from './watcher.ts';

export interface DbosEngineOptions extends PostgresOptions {
  /** Where runs wait that name no other queue. @default 'default' */
  readonly queue?: string;
  /** Hears what goes wrong on the way, a line each. @default nobody */
  readonly onLog?: (line: string) => void;
}

export interface RateOptions {
  /** Only its runs are held to it. @default all runs together */
  readonly tenant?: string;
}

export interface StuckRun {
  readonly runId: string;
  /** Milliseconds since it was last heard of. */
  readonly silentMs: number;
}

export interface DbosEngine extends Engine, AsyncDisposable {
  /**
   * Orders a run, and gives its handle once the order is kept for good.
   *
   * @throws RegattaError `engine/no-ref`, `inputs/not-json`, `definition/invalid`, `postgres/*`, `engine/missing-package`
   */
  enqueue(crew: CrewName, inputs?: Inputs, options?: EnqueueOptions): Promise<RemoteRun>;
  /**
   * Orders another run that has the records of a run up to `from`, and does the rest anew, whichever worker
   * does it. That run stays as it is, and what is kept is not billed to the new one.
   *
   * @throws RegattaError `journal/unknown-run`, `journal/unknown-step`, and as `enqueue`. What only a worker
   * can know puts the new run aside: `journal/code-changed`, or a task that `crew` does not have.
   */
  fork(runId: string, options: RemoteForkOptions): Promise<RemoteRun>;
  /** As `fork`, from a task on. @throws RegattaError as `fork` */
  replay(runId: string, options: RemoteReplayOptions): Promise<RemoteRun>;
  /** The handle of a run that is known by its id. */
  find(runId: string): RemoteRun;
  /** Runs that have begun, the newest first. */
  list(filter?: RunFilter): Promise<readonly JournaledRun[]>;
  /** What waits and what is under way, the oldest first. */
  active(filter?: { readonly queue?: string; readonly limit?: number }): Promise<readonly Execution[]>;
  /** Sets up a queue: at once, for all workers. */
  setQueue(queue: string, limits: QueueLimits): Promise<void>;
  /** Orders a run at times, whichever workers there are then; one of the same name is replaced. Known within 10 seconds. */
  schedule(name: string, options: ScheduleOptions): Promise<void>;
  schedules(): Promise<readonly Schedule[]>;
  unschedule(name: string): Promise<void>;
  /** Orders a scheduled run now. @throws RegattaError `engine/unknown-schedule` */
  trigger(name: string): Promise<RemoteRun>;
  workers(): Promise<readonly WorkerSeen[]>;
  /** Runs that were put aside, with the reason. */
  deadLetters(): Promise<readonly DeadLetter[]>;
  /** Gives a run that was put aside another chance. @throws RegattaError `engine/unknown-run` */
  requeue(runId: string): Promise<void>;
  /** Runs under way of which nothing was heard for `olderThanMs`. @default 600000 */
  stuck(options?: { readonly olderThanMs?: number }): Promise<readonly StuckRun[]>;
  /**
   * What the runs of a tenant, or with `*` all runs, may spend in all, over all workers; null = no limit.
   * Runs that begin from now on are held to it, and have what they may need reserved before each call.
   */
  setBudget(tenant: string, budget: SharedBudget | null): Promise<void>;
  budgets(): Promise<readonly BudgetState[]>;
  /**
   * How often the runs of all workers may ask a model in a minute, and for how many tokens; null = no limit.
   * `model` is `provider/model`, `provider/*` or `*`; a call is held to each rate that is about it. Workers
   * know of a new one within 2 seconds.
   *
   * @throws RegattaError `definition/invalid`, `postgres/*`
   */
  setRate(model: string, rate: RateLimits | null, options?: RateOptions): Promise<void>;
  rates(): Promise<readonly RateState[]>;
  /**
   * Gives each event of each run to a handler at least once, in the order of its run, after what caused
   * it is kept for good; from the first call of this name on, whichever processes are there. One that
   * throws, or takes too long, is tried again, later and later. Ends with `close` of what it gives, or of
   * the engine. The same as a callback: `callback(handler, { durable: true, name })`, for a runtime.
   *
   * @throws RegattaError `definition/invalid`, `postgres/*`
   */
  deliver(name: string, handler: DurableHandler, options?: DeliverOptions): Promise<AsyncDisposable>;
  /** Forgets a durable handler, and what waits for it. */
  undeliver(name: string): Promise<void>;
  /** Where durable handlers failed and will be tried again. */
  failingDeliveries(): Promise<readonly StuckDelivery[]>;
  /** Releases connections. Runs go on. Idempotent. */
  close(): Promise<void>;
}

const CONNECTIONS = 4;
const STUCK_MS = 600_000;

/**
 * Runs over many machines: each is ordered here, waits in PostgreSQL, and is done by a worker
 * (`createWorker`, `regatta worker`). As a runtime's `engine` it runs crews there, as if they were here.
 * Needs the packages `pg` and `@dbos-inc/dbos-sdk`.
 *
 * @throws RegattaError `definition/invalid`
 * @example
 * const engine = dbosEngine({ connectionString });
 * const run = await engine.enqueue(report, { topic: 'tides' }, { tenant: 'acme' });
 * const { text } = await run.result();
 */
export function dbosEngine(options: DbosEngineOptions): DbosEngine {
  const { queue = 'default', onLog = () => undefined, connections = CONNECTIONS } = options;
  const problems = new Problems('The dbos engine');
  problems.text('queue', queue);
  problems.throwIfAny();
  const database = new Database({ ...options, connections });
  const { schema } = database;
  const { connectionString } = options;
  let opening: Promise<QueueClient> | undefined;
  const queues = (): Promise<QueueClient> => {
    opening ??= migrateDbos(database, connectionString)
      .then(() => QueueClient.open({ connectionString, schema, connections, log: onLog }))
      .catch((error: unknown) => {
        opening = undefined; // the next one tries again
        throw error;
      });
    return opening;
  };
  const fleet = new Fleet(database);
  const watcher = new Watcher(fleet, queues);
  const journal = new PostgresJournal(database, LEASE_MS);
  const budgets = new Budgets(database);
  const rates = new Rates(database);
  const outbox = new Outbox(database);
  const deliverer = new Deliverer({ outbox, fleet, log: onLog });
  const parts: RemoteParts = { journal, fleet, watcher, queues };

  async function order(runId: string, given: RunOrder): Promise<RemoteRun> {
    await (await queues()).enqueue(runId, given);
    return remoteRun(runId, parts);
  }

  function toOrder(crew: CrewName, inputs: Inputs, given: EnqueueOptions): RunOrder {
    checkOrder(given);
    const {
      tenant = null,
      deadline,
      stream = false,
      queue: named = queue,
      priority = 0,
      budget = null,
    } = given;
    const deadlineAtMs = deadline === undefined ? null : Number(deadline);
    const rest = { tenant, stream, budget, queue: named, priority, deadlineAtMs, isHeardElsewhere: false };
    const anew = { settings: null, fork: null, guards: [] };
    return { form: 1, ref: refOf(crew), inputs: toJson(inputs), ...anew, ...rest };
  }

  async function enqueue(
    crew: CrewName,
    inputs: Inputs = {},
    given: EnqueueOptions = {},
  ): Promise<RemoteRun> {
    return await order(idOf(given), toOrder(crew, inputs, given));
  }

  async function fork(runId: string, given: RemoteForkOptions): Promise<RemoteRun> {
    const [run] = await journal.list({ runId, limit: 1 });
    if (run === undefined) throw unknownInJournal(runId);
    await checkPoint(journal, run, given);
    const { name, ref, settings } = run;
    const { from, crew = { name, ref: ref ?? undefined }, allowChanges = false } = given;
    const { inputs = run.inputs as Inputs } = given; // they were the inputs of the run's job
    const past = { settings, fork: { runId, from, allowChanges } };
    return await order(idOf(given), { ...toOrder(crew, inputs, given), ...past });
  }

  async function schedule(name: string, given: ScheduleOptions): Promise<void> {
    checkName(name);
    const { crew, inputs = {}, cron, timeZone = null, ...rest } = given;
    await (await queues()).schedule({ name, cron, timeZone, order: toOrder(crew, inputs, rest) });
  }

  async function trigger(name: string): Promise<RemoteRun> {
    const client = await queues();
    const known = await client.schedules();
    const found = known.find((one) => one.name === name);
    if (found === undefined) throw unknownSchedule(name, known);
    const runId = `${name}-${createId(systemClock, Math.random)}`;
    return await order(runId, found.order);
  }

  async function requeue(runId: string): Promise<void> {
    const client = await queues();
    const [first] = await client.executionsOf(runId);
    const letters = (await fleet.deadLetters()).filter((letter) => letter.runId === runId);
    const last = letters.at(-1);
    if (first?.order == null || last === undefined) throw unknownRun(runId);
    await fleet.clearSuspect(runId);
    // Named by the letter, which goes last: done again after a break between the two, it begins no second execution.
    await client.enqueue(executionId(runId, `requeue-${Math.round(last.atMs)}`), first.order);
    await fleet.exhume(letters.map((letter) => letter.executionId));
  }

  async function close(): Promise<void> {
    watcher.close();
    await deliverer.close();
    const client = await opening?.catch(() => undefined); // who asked for it has heard why it failed
    opening = undefined;
    await client?.close();
    await journal.close();
  }

  const execute = executeOn(parts, queue, order);
  return Object.freeze<DbosEngine>({
    name: 'dbos',
    execute,
    enqueue,
    fork,
    replay: async (runId, { fromTask, ...rest }) => await fork(runId, { ...rest, from: { task: fromTask } }),
    find: (runId) => remoteRun(runId, parts),
    list: (filter) => journal.list(filter),
    active: async (filter = {}) => await (await queues()).active(filter),
    setQueue: async (name, limits) => {
      checkLimits(`The limits of queue "${name}"`, limits);
      await (await queues()).setQueue(name, limits);
    },
    schedule,
    schedules: async () => await (await queues()).schedules(),
    unschedule: async (name) => await (await queues()).unschedule(name),
    trigger,
    workers: () => fleet.workers(),
    deadLetters: () => fleet.deadLetters(),
    requeue,
    setBudget: async (tenant, budget) => {
      const owner = new Problems(`The budget of ${show(tenant)}`);
      checkAllowance(owner, { budget: budget ?? {} });
      owner.throwIfAny();
      await budgets.set(tenant, budget);
    },
    budgets: () => budgets.list(),
    setRate: async (model, rate, { tenant = null } = {}) => {
      checkRate(model, rate, tenant);
      await rates.set({ model, tenant }, rate);
    },
    rates: () => rates.list(),
    deliver: (name, handler, given) => deliverer.deliver(name, handler, given),
    undeliver: (name) => outbox.unregister(name),
    failingDeliveries: () => outbox.failing(),
    stuck: ({ olderThanMs = STUCK_MS } = {}) => fleet.quiet(olderThanMs),
    close,
    [Symbol.asyncDispose]: close,
  });
}

const LEASE_MS = 30_000;

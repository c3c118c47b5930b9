/** `regatta/dbos`: runs over many machines. */
export type { Execution, QueueLimits, Schedule, StartRate } from '../../engines/dbos/client.ts';
export type { RunOrder } from '../../engines/dbos/order.ts';
export type { DeliverOptions, DurableContext, DurableHandler } from '../../ports/durable.ts';
export type { BudgetState, SharedBudget } from '../../stores/postgres-budgets.ts';
export type { PostgresOptions } from '../../stores/postgres-database.ts';
export type { DeadLetter, WorkerSeen } from '../../stores/postgres-fleet.ts';
export type { StuckDelivery } from '../../stores/postgres-outbox.ts';
export type { RateName, RateState } from '../../stores/postgres-rates.ts';
export type { CrewSources } from './crews.ts';
export {
  type DbosEngine,
  type DbosEngineOptions,
  dbosEngine,
  type RateOptions,
  type StuckRun,
} from './engine.ts';
export type {
  CrewName,
  EnqueueOptions,
  RemoteForkOptions,
  RemoteReplayOptions,
  ScheduleOptions,
} from './orders.ts';
export type {
  CursoredEvent,
  EventsOptions,
  RemoteOutput,
  RemoteRun,
  RemoteStatus,
  WaitOptions,
} from './remote-run.ts';
export { type CloseWorkerOptions, createWorker, type Worker, type WorkerOptions } from './worker.ts';

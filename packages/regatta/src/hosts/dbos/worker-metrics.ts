/** What a worker and its fleet are counted by. */
import type { Fleet } from '../../stores/postgres-fleet.ts';
import type { Rates } from '../../stores/postgres-rates.ts';
import type { Metric } from './operations-server.ts';
import type { Performer } from './performer.ts';
import type { Reaper } from './reaper.ts';

interface Counted {
  readonly fleet: Fleet;
  readonly performer: Performer;
  readonly rates: Rates;
  readonly reaper: Reaper;
}

export async function workerMetrics({
  fleet,
  performer,
  rates,
  reaper,
}: Counted): Promise<readonly Metric[]> {
  const state = await fleet.state();
  const one = (value: number) => [{ value }];
  return [
    {
      name: 'regatta_worker_runs',
      type: 'gauge',
      help: 'Runs under way on this worker.',
      values: one(performer.running.length),
    },
    {
      name: 'regatta_worker_runs_done_total',
      type: 'counter',
      help: 'Executions done by this worker.',
      values: one(performer.done),
    },
    {
      name: 'regatta_worker_calls_waiting',
      type: 'gauge',
      help: 'Model calls of this worker that wait for a rate.',
      values: one(rates.waiting),
    },
    {
      name: 'regatta_worker_rate_wait_seconds_total',
      type: 'counter',
      help: 'Time that model calls of this worker have waited for rates, all of them together.',
      values: one(rates.waitedMs / 1_000),
    },
    {
      name: 'regatta_worker_recoveries_total',
      type: 'counter',
      help: "Dead workers' runs put back by this worker.",
      values: one(reaper.recovered),
    },
    {
      name: 'regatta_worker_beat_age_seconds',
      type: 'gauge',
      help: 'Since its last sign of life was written.',
      values: one(reaper.silentMs / 1_000),
    },
    {
      name: 'regatta_workers',
      type: 'gauge',
      help: 'Workers known, the dead ones that nobody found yet included.',
      values: one(state.workers),
    },
    {
      name: 'regatta_runs',
      type: 'gauge',
      help: 'Runs in the journal that have not ended, by status.',
      values: state.runs.map(({ status, count }) => ({ labels: { status }, value: count })),
    },
    {
      name: 'regatta_dead_letters',
      type: 'gauge',
      help: 'Runs that were put aside.',
      values: one(state.deadLetters),
    },
    {
      name: 'regatta_deliveries_failing',
      type: 'gauge',
      help: 'Runs whose events a durable handler failed on.',
      values: one(state.failingDeliveries),
    },
  ];
}

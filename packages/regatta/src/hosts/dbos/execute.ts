/** A runtime's run whose work is done by a worker elsewhere: its events come from the database. */
import { RegattaError } from '../../base/errors.ts';
import type { RunOrder } from '../../engines/dbos/order.ts';
import type { Engine, Job } from '../../ports/engine.ts';
import type { RunContext } from '../../ports/run-context.ts';
import type { EventBody, RunEvent } from '../../protocol/event.ts';
import type { LedgerEntry } from '../../protocol/usage.ts';
import { readUsage } from '../../run/recorded-usage.ts';
import { guardsOf } from './guards.ts';
import type { RemoteParts, RemoteRun } from './remote-run.ts';

export function executeOn(
  { journal }: RemoteParts,
  queue: string,
  order: (runId: string, order: RunOrder) => Promise<RemoteRun>,
): Engine['execute'] {
  return async function execute<Output>(job: Job<Output>, context: RunContext): Promise<Output> {
    const { runId, signal } = context;
    const ref = checkPortable(job, context);
    const run = await order(runId, {
      form: 1,
      ...{ ref, queue, priority: 0, budget: null, fork: null, guards: guardsOf(job) },
      inputs: job.inputs,
      settings: job.settings ?? null,
      tenant: null,
      deadlineAtMs: null,
      stream: context.wantsDeltas,
      isHeardElsewhere: true,
    });
    const cancel = (): void => {
      context.orphan(run.cancel().catch(() => undefined)); // the caller is freed; the run's own deadline or the operator ends it
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      for await (const { event } of run.events({ signal })) {
        if (event.type !== 'run.start' && event.type !== 'run.end') await retell(event, context);
      }
      const output = await run.result({ signal });
      return await job.revive(
        output.tasks.map(({ task, agent, text }) => ({ task, agent, text })),
        context,
      );
    } finally {
      signal.removeEventListener('abort', cancel);
      await book((await journal.read(runId).catch(() => undefined))?.records ?? [], context);
    }
  };
}

/** The ledger is the worker's: its entries are this run's, too. */
async function book(
  records: Parameters<typeof readUsage>[1],
  { runId, meter, signal }: RunContext,
): Promise<void> {
  for (const { attemptId, callId, model, task, agent, ...settlement } of readUsage(runId, records).entries) {
    const attempt = Number(/\d+$/.exec(attemptId)?.[0]);
    const estimate = () => ({ tokens: 0, costNanoUsd: 0 }); // it is spent already
    const reservation = await meter.reserve({ callId, attempt, model, task, agent, estimate }, signal);
    reservation.settle(settlement satisfies Pick<LedgerEntry, 'status' | 'usage' | 'source' | 'costNanoUsd'>);
  }
}

/** In the span that it is of. */
async function retell(event: RunEvent, context: RunContext): Promise<void> {
  const { id: _, runId: __, seq, epoch, spanId, parentId, time, task, agent, ...body } = event;
  await context.adopt({ id: spanId, parentId, task, agent }, []).tell(withSpan(body, event));
}

/** Some bodies name task and agent themselves, by the fields that the envelope has. */
function withSpan(body: object, { task, agent, type }: RunEvent): EventBody {
  const own = {
    ...body,
    ...(type.startsWith('task.') ? { task } : {}),
    ...(/^(task\.start|agent\.)/.test(type) ? { agent } : {}),
  };
  return own as EventBody; // it was one before it was stamped
}

function checkPortable<Output>(job: Job<Output>, context: RunContext) {
  const { ref, name, inputs } = job;
  if (ref === null) {
    throw new RegattaError(
      'engine/no-ref',
      `"${name}" has no ref, so no worker can know it. Give it ref: crewRef({ name: '${name}', module: import.meta.url }).`,
      { engine: 'dbos', crew: name },
    );
  }
  if (inputs === null) throw notPortable('inputs', 'inputs that are no JSON', 'Give plain data.');
  if (context.context !== undefined) {
    throw notPortable(
      'context',
      'a context',
      'Leave it out and give the crew createContext(run), which is called on the worker.',
    );
  }
  if (context.isJournaled) {
    throw notPortable('journal', 'a journal', "Leave it out: a worker's runs are journaled in its database.");
  }
  const own = new Set(job.entries().values());
  const foreign = context.span.scope.find((entry) => entry.kind === 'guard' && !own.has(entry));
  if (foreign !== undefined) {
    throw notPortable(
      'callbacks',
      `the guard "${foreign.name}" by its runtime or its call`,
      "Give it to the crew, which has its guards wherever it runs, or to the worker's runtime: it must stand where the calls are made.",
    );
  }
  return ref;
}

function notPortable(field: string, what: string, mend: string): RegattaError {
  const message = `The run was given ${what}, and that does not reach a worker elsewhere. ${mend}`;
  return new RegattaError('engine/not-portable', message, { engine: 'dbos', field });
}

/** What may be said of a run that is ordered, and what is made of it. */
import { createHash } from 'node:crypto';
import { systemClock } from '../../base/clock.ts';
import { RegattaError } from '../../base/errors.ts';
import { createId } from '../../base/ids.ts';
import { Problems, show } from '../../base/problems.ts';
import type { Inputs } from '../../base/template.ts';
import { taskPart } from '../../crew/fingerprint.ts';
import type { Schedule } from '../../engines/dbos/client.ts';
import { checkAllowance } from '../../observe/allowance.ts';
import type { Journal, JournaledRun } from '../../ports/journal.ts';
import type { RateLimits } from '../../ports/limiter.ts';
import type { CrewRef } from '../../protocol/crew-ref.ts';
import { type ForkPoint, unknownStep } from '../../run/resume.ts';
import type { SharedBudget } from '../../stores/postgres-budgets.ts';

export interface EnqueueOptions {
  /** @default the engine's */
  readonly queue?: string;
  /** Whose run it is: tenants are limited each by itself where their queue says so, and get their turns. */
  readonly tenant?: string;
  /** From 0, the most urgent, up. Among runs of one tenant. @default 0 */
  readonly priority?: number;
  /** A second order with the same key is the first one's run. */
  readonly idempotencyKey?: string;
  /** Milliseconds since the epoch, or a date: then the run is cancelled, wherever it is. */
  readonly deadline?: number | Date;
  /** What this run may spend, whatever its tenant has. @default no limit */
  readonly budget?: SharedBudget;
  /** Ask models for answers in pieces; they are `model.delta` events. @default false */
  readonly stream?: boolean;
}

export interface ScheduleOptions extends Omit<EnqueueOptions, 'idempotencyKey' | 'deadline'> {
  /** Five fields, or six with seconds first: `0 3 * * *` is each night at three. */
  readonly cron: string;
  /** Such as `Europe/Paris`. @default UTC */
  readonly timeZone?: string;
  readonly crew: CrewName;
  readonly inputs?: Inputs;
}

export interface RemoteForkOptions extends EnqueueOptions {
  /** A task, with all that may read it, or the key of a recorded step, with all that was recorded after it: what is done anew. */
  readonly from: ForkPoint;
  /** For what is done anew. @default the run's */
  readonly inputs?: Inputs;
  /** Whose run the new one is, such as a newer version. @default the run's */
  readonly crew?: CrewName;
  /** Keep results of tasks that have changed. @default false */
  readonly allowChanges?: boolean;
}

export interface RemoteReplayOptions extends Omit<RemoteForkOptions, 'from'> {
  /** The first task that is done anew; those that may read it are, too. */
  readonly fromTask: string;
}

/** What names a crew: the crew itself, where it has a ref, or the ref alone. */
export type CrewName = CrewRef | { readonly name: string; readonly ref: CrewRef | undefined };

export function checkOrder({
  priority,
  tenant,
  idempotencyKey,
  queue,
  deadline,
  budget,
}: EnqueueOptions): void {
  const problems = new Problems('The order');
  problems.integer('priority', priority, 0);
  checkAllowance(problems, { budget });
  for (const [field, value] of Object.entries({ tenant, idempotencyKey, queue })) {
    if (value !== undefined) problems.text(field, value);
  }
  if (deadline !== undefined && !Number.isFinite(Number(deadline))) {
    const message = `deadline must be a time, got ${show(deadline)}. Give milliseconds since the epoch or a Date.`;
    problems.add('deadline', deadline, message);
  }
  problems.throwIfAny();
}

/**
 * What a fork is to begin with is there. Of another crew than the run's, only a worker knows the tasks.
 *
 * @throws RegattaError `journal/unknown-step`
 */
export async function checkPoint(
  journal: Journal,
  run: JournaledRun,
  { from, crew }: Pick<RemoteForkOptions, 'from' | 'crew'>,
): Promise<void> {
  const isThere =
    'step' in from
      ? (await journal.find(run.runId, from.step)) !== undefined
      : crew !== undefined || taskPart(from.task) in run.fingerprint;
  if (!isThere) throw unknownStep(run, 'step' in from ? from.step : from.task);
}

export function unknownSchedule(name: string, known: readonly Schedule[]): RegattaError {
  const names = known.map((one) => one.name);
  const message = `There is no schedule "${name}" (there are ${names.length === 0 ? 'none' : names.join(', ')}). Name one that there is.`;
  return new RegattaError('engine/unknown-schedule', message, { name, known: names });
}

/** @throws RegattaError `definition/invalid` */
export function checkRate(model: string, rate: RateLimits | null, tenant: string | null): void {
  const problems = new Problems(`The rate of ${show(model)}`);
  if (tenant !== null) problems.text('tenant', tenant);
  if (!/^(\*|[^*]+\/\*|[^*]+)$/.test(model)) {
    const message = `model must be "provider/model", "provider/*" or "*", got ${show(model)}. Correct it.`;
    problems.add('model', model, message);
  }
  checkAllowance(problems, { limits: rate ?? {} });
  if (rate !== null && rate.requestsPerMinute === undefined && rate.tokensPerMinute === undefined) {
    const message = `rate must have requestsPerMinute or tokensPerMinute, got ${show(rate)}. Give one, or null for no limit.`;
    problems.add('rate', rate, message);
  }
  problems.throwIfAny();
}

/** It is a part of its runs' ids. */
export function checkName(name: string): void {
  if (/^[\w.-]+$/.test(name)) return;
  const problems = new Problems('The schedule');
  const message = `name must be letters, digits, dots, - and _, got ${show(name)}. Name it so.`;
  problems.add('name', name, message);
  problems.throwIfAny();
}

/** The same for the same key of the same tenant: keys of tenants never meet. */
export function idOf(given: EnqueueOptions): string {
  const { tenant = null, idempotencyKey: key } = given;
  if (key === undefined) return createId(systemClock, Math.random);
  return `key-${createHash('sha256')
    .update(JSON.stringify([tenant, key]))
    .digest('hex')
    .slice(0, 32)}`;
}

export function refOf(crew: CrewName): CrewRef {
  const ref = 'ref' in crew ? crew.ref : crew;
  if (ref !== undefined) return ref;
  throw new RegattaError(
    'engine/no-ref',
    `"${crew.name}" has no ref, so no worker can know it. Give it ref: crewRef({ name: '${crew.name}', module: import.meta.url }).`,
    { engine: 'dbos', crew: crew.name },
  );
}

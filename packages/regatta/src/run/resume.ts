/** Takes a run out of a journal: to go on with it, or to begin another with a part of its records. */
import { toErrorData } from '../base/error-data.ts';
import { RegattaError } from '../base/errors.ts';
import type { Fingerprint, Journal, JournaledRun, RunRecord, StepRecord } from '../ports/journal.ts';
import type { RecordingSetup } from './recording.ts';

export interface ClaimOptions {
  /** Of the definition that goes on. */
  readonly fingerprint: Fingerprint;
  readonly allowChanges: boolean;
  readonly takeOver: boolean;
}

/**
 * A run, taken for this process. One read gives all of it.
 *
 * @throws RegattaError `journal/unknown-run`, `journal/held`, or `journal/code-changed`, and then
 * nothing was taken.
 */
export async function claimRun(
  journal: Journal,
  runId: string,
  { fingerprint, allowChanges, takeOver }: ClaimOptions,
): Promise<RecordingSetup> {
  const [known] = await journal.list({ runId, limit: 1 });
  if (known !== undefined && !allowChanges) checkUnchanged(known, fingerprint);
  const { run, records } = await journal.claim(runId, { takeOver });
  return { journal, record: toRecord(run), epoch: run.epoch, records };
}

/** Lets go of a run that was claimed and cannot be started; it can be resumed. */
export async function letGo({ journal, record, epoch }: RecordingSetup, error: unknown): Promise<void> {
  const none = { calls: 0, attempts: 0, inputTokens: 0, outputTokens: 0, totalTokens: 0 };
  const usage = {
    ...none,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    costUsd: 0,
    estimated: 0,
  };
  const ending = { status: 'failed', output: null, error: toErrorData(error), usage } as const;
  await journal.end(record.runId, ending, epoch);
}

/** From where a fork differs: a task and what may read it, or a step and all that was recorded after it. */
export type ForkPoint = { readonly task: string } | { readonly step: string };

export interface ForkOptions {
  readonly from: ForkPoint;
  readonly fingerprint: Fingerprint;
  readonly allowChanges: boolean;
  /** The task and those that may read what it gives; undefined = there is no such task. */
  readonly affected: (task: string) => ReadonlySet<string> | undefined;
  /** The part of a fingerprint that a task is. */
  readonly partOf: (task: string) => string;
}

export interface Forked {
  /** The run that it was forked from. */
  readonly run: JournaledRun;
  readonly parent: NonNullable<RunRecord['parent']>;
  readonly records: readonly StepRecord[];
}

/**
 * What a new run begins with. Whoever holds the run, it is only read.
 *
 * @throws RegattaError `journal/unknown-run`, `journal/unknown-step`, or `journal/code-changed` where
 * a task that is kept has changed.
 */
export async function readFork(journal: Journal, runId: string, options: ForkOptions): Promise<Forked> {
  const { from, fingerprint, allowChanges } = options;
  const found = await journal.read(runId);
  if (found === undefined) {
    const message = `The journal has no run "${runId}". Correct the id, or look at the list of its runs.`;
    throw new RegattaError('journal/unknown-run', message, { runId });
  }
  const { run, records } = found;
  const results = records.filter(({ key }) => isResult(key));
  if ('step' in from) {
    const at = results.findIndex(({ key }) => key === from.step);
    if (at === -1) throw unknownStep(run, from.step);
    if (!allowChanges) checkUnchanged(run, fingerprint);
    return forked(run, from.step, results.slice(0, at));
  }
  const affected = options.affected(from.task);
  if (affected === undefined) throw unknownStep(run, from.task);
  const isAffected = (key: string): boolean => affected.has(key.slice(0, key.search(/[/:]/)));
  if (!allowChanges) {
    const parts = new Set([...affected].map(options.partOf));
    const isKept = (part: string): boolean => part.startsWith('task ') && !parts.has(part);
    checkUnchanged(run, fingerprint, isKept);
  }
  const kept = results.filter(({ key }) => !isAffected(key));
  return forked(run, from.task, kept);
}

function forked(run: JournaledRun, from: string, records: readonly StepRecord[]): Forked {
  return { run, parent: { runId: run.runId, from, kept: records.length }, records };
}

/** What was spent, and what was begun without an end, is not the fork's. */
function isResult(key: string): boolean {
  return !/:(?:attempt|entry|started)-[\d.]+$/.test(key);
}

/** @throws RegattaError `journal/code-changed` naming every part that differs. */
export function checkUnchanged(
  { runId, fingerprint: recorded }: JournaledRun,
  fingerprint: Fingerprint,
  counts: (part: string) => boolean = () => true,
): void {
  const parts = [...new Set([...Object.keys(recorded), ...Object.keys(fingerprint)])].filter(counts);
  const changes = parts.flatMap((part) => {
    const [before, now] = [recorded[part], fingerprint[part]];
    if (before === undefined) return [`${part} is new`];
    if (now === undefined) return [`${part} is gone`];
    const fields = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    return fields.filter((field) => before[field] !== now[field]).map((field) => `${part}: ${field}`);
  });
  if (changes.length === 0) return;
  throw new RegattaError(
    'journal/code-changed',
    `Run "${runId}" was recorded with another definition, which differs in ${changes.join('; ')}. Use the code that it was recorded with, or allowChanges where the recorded results still fit.`,
    { runId, changes },
  );
}

export function unknownStep({ runId }: JournaledRun, from: string): RegattaError {
  return new RegattaError(
    'journal/unknown-step',
    `Run "${runId}" has no task or recorded step "${from}". Name one that it has.`,
    { runId, from },
  );
}

function toRecord(run: JournaledRun): RunRecord {
  const { runId, name, ref, fingerprint, inputs, settings, startedAtMs, seed, parent } = run;
  return { runId, name, ref, fingerprint, inputs, settings, startedAtMs, seed, parent };
}

/** What became of runs, as one JSON document. */
import type { Audit, ErrorData, Inputs, RunStatus, TaskOutput, UsageReport, UsageTotals } from '../index.ts';
import { toErrorData } from './failure.ts';
import { REHEARSAL_NOTE, rehearsalNote } from './rehearsal.ts';
import type { Outcome } from './run-all.ts';

export interface RunDocument {
  /** Null when the run was cancelled before it started. */
  readonly runId: string | null;
  readonly status: RunStatus;
  readonly inputs: Inputs;
  /** Of a run that did not succeed: no text, and the tasks that were done. */
  readonly output: {
    readonly text: string | null;
    readonly parsed: unknown;
    readonly tasks: readonly TaskOutput[];
  };
  readonly usage: UsageReport | null;
  readonly error: ErrorData | null;
  readonly audit: Audit | null;
  /** What to know when no model was asked. */
  readonly rehearsal: string | null;
}

export interface RunsDocument {
  readonly rehearsal: string | null;
  readonly runs: readonly RunDocument[];
  readonly totals: Totals;
}

/** Sums over all runs. */
export interface Totals extends Record<RunStatus, number>, UsageTotals {
  readonly runs: number;
}

/** `isRehearsal` marks runs that were to ask no model, whether or not they came to ask. */
export function toDocument(outcomes: readonly Outcome[], isRehearsal: boolean): RunsDocument {
  const runs = outcomes.map((outcome) => toRunDocument(outcome, isRehearsal));
  const usages = runs.flatMap(({ usage }) => usage ?? []);
  const count = (status: RunStatus): number => runs.filter((run) => run.status === status).length;
  return {
    rehearsal: isRehearsal ? REHEARSAL_NOTE : (rehearsalNote(usages) ?? null),
    runs,
    totals: {
      runs: runs.length,
      succeeded: count('succeeded'),
      failed: count('failed'),
      cancelled: count('cancelled'),
      suspended: count('suspended'),
      ...sumUsage(usages),
    },
  };
}

function toRunDocument(outcome: Outcome, isRehearsal: boolean): RunDocument {
  const { entry, status, run, output, error, reached, audit } = outcome;
  const { inputs = {} } = entry.options;
  const { text = null, parsed = null, tasks = reached } = output ?? {};
  const usage = run?.usage ?? null;
  return {
    runId: run?.id ?? null,
    status,
    inputs,
    output: {
      text,
      parsed: parsed ?? null,
      tasks: tasks.map((task) => ({ ...task, parsed: task.parsed ?? null })),
    },
    usage,
    error: output === undefined ? toErrorData(error) : null,
    audit: audit ?? null,
    rehearsal: isRehearsal ? REHEARSAL_NOTE : ((usage && rehearsalNote([usage])) ?? null),
  };
}

/** The sum of `usages`; its cost is null as soon as one is. */
export function sumUsage(usages: readonly UsageTotals[]): UsageTotals {
  const sum = (pick: (usage: UsageTotals) => number): number =>
    usages.reduce((all, usage) => all + pick(usage), 0);
  return {
    calls: sum(({ calls }) => calls),
    attempts: sum(({ attempts }) => attempts),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    totalTokens: sum(({ totalTokens }) => totalTokens),
    cachedInputTokens: sum(({ cachedInputTokens }) => cachedInputTokens),
    cacheWriteTokens: sum(({ cacheWriteTokens }) => cacheWriteTokens),
    reasoningTokens: sum(({ reasoningTokens }) => reasoningTokens),
    costUsd: usages.some(({ costUsd }) => costUsd === null) ? null : sum(({ costUsd }) => costUsd ?? 0),
    estimated: sum(({ estimated }) => estimated),
  };
}

/** The text of `document`. A BigInt, which a schema may give, becomes a string. */
export function stringify(document: RunsDocument): string {
  const carry = (_key: string, value: unknown): unknown =>
    typeof value === 'bigint' ? String(value) : value;
  return JSON.stringify(document, carry, 2);
}

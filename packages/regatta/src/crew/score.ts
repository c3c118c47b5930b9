/** Scores of a crew's test: what a judge gave, put together, and as a table. */
import type { ErrorData } from '../protocol/output.ts';
import type { UsageReport } from '../protocol/usage.ts';

export interface TaskScore {
  readonly task: string;
  readonly agent: string;
  /** From 1 to 10. */
  readonly score: number;
  readonly reason: string;
  readonly durationMs: number;
  /** USD; null = no price is known. */
  readonly costUsd: number | null;
}

export interface TestIteration {
  readonly runId: string;
  /** Empty where the run, or the judge, failed. */
  readonly tasks: readonly TaskScore[];
  readonly durationMs: number;
  /** Of the crew. */
  readonly usage: UsageReport;
  /** Of the judge; USD; null = no price is known. */
  readonly judgeCostUsd: number | null;
  readonly error: ErrorData | null;
}

/** Averages over the iterations in which the task was scored. */
export interface TaskAverage {
  readonly task: string;
  readonly agent: string;
  readonly scores: readonly number[];
  readonly averageScore: number;
  readonly averageDurationMs: number;
  readonly averageCostUsd: number | null;
}

export interface TestResult {
  readonly iterations: readonly TestIteration[];
  /** In the crew's order. */
  readonly tasks: readonly TaskAverage[];
  /** Over all tasks and iterations; null where nothing was scored. */
  readonly averageScore: number | null;
  readonly costUsd: number | null;
  readonly judgeCostUsd: number | null;
}

export function toTestResult(iterations: readonly TestIteration[]): TestResult {
  const scores = iterations.flatMap(({ tasks }) => tasks);
  const names = [...new Set(scores.map(({ task }) => task))];
  const tasks = names.map((name): TaskAverage => {
    const own = scores.filter(({ task }) => task === name);
    return Object.freeze({
      task: name,
      agent: own[0]?.agent ?? '',
      scores: Object.freeze(own.map(({ score }) => score)),
      averageScore: average(own.map(({ score }) => score)),
      averageDurationMs: average(own.map(({ durationMs }) => durationMs)),
      averageCostUsd: averageOrNull(own.map(({ costUsd }) => costUsd)),
    });
  });
  return Object.freeze({
    iterations: Object.freeze([...iterations]),
    tasks: Object.freeze(tasks),
    averageScore: scores.length === 0 ? null : average(scores.map(({ score }) => score)),
    costUsd: sumOrNull(iterations.map(({ usage }) => usage.costUsd)),
    judgeCostUsd: sumOrNull(iterations.map(({ judgeCostUsd }) => judgeCostUsd)),
  });
}

/** A plain-text table: one line for each task, a column for each iteration, averages, and what failed. */
export function formatScores({ iterations, tasks, averageScore, costUsd, judgeCostUsd }: TestResult): string {
  const heads = ['task', 'agent', ...iterations.map((_, index) => `#${index + 1}`), 'average', 'ms', 'USD'];
  const rows = tasks.map(({ task, agent, ...row }) => [
    task,
    agent,
    ...iterations.map((one) => String(one.tasks.find((scored) => scored.task === task)?.score ?? '-')),
    row.averageScore.toFixed(1),
    String(Math.round(row.averageDurationMs)),
    money(row.averageCostUsd),
  ]);
  const total = `Average ${averageScore?.toFixed(1) ?? '-'} of 10; crew ${money(costUsd)} USD, judge ${money(judgeCostUsd)} USD.`;
  const failures = iterations.flatMap(({ error }, index) =>
    error === null ? [] : [`#${index + 1} failed: ${error.code}: ${error.message.replace(/\s+/g, ' ')}`],
  );
  return [...align([heads, ...rows]), '', total, ...failures].join('\n');
}

function align(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function money(usd: number | null): string {
  return usd === null ? 'unknown' : usd.toFixed(6);
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function sumOrNull(numbers: readonly (number | null)[]): number | null {
  return numbers.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}

function averageOrNull(numbers: readonly (number | null)[]): number | null {
  const sum = sumOrNull(numbers);
  return sum === null ? null : sum / numbers.length;
}

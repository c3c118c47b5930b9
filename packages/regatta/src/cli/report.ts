/** What became of runs, for people. */
import type { CrewOutput, UsageTotals } from '../index.ts';
import { countOf, formatCost, formatCount, formatDuration } from './amount.ts';
import type { Colors } from './colors.ts';
import { formatError, hintOf, toErrorData } from './failure.ts';
import { elapsedMs } from './lane.ts';
import type { Outcome } from './run-all.ts';
import { clean, oneLine, shorten } from './text.ts';

export interface ReportOptions {
  readonly colors: Colors;
  /** Characters of the output that are shown. @default all */
  readonly maxChars?: number;
}

/** Characters of the output of a task that a failed run had reached. */
const REACHED_CHARS = 200;

/** Name, inputs, output or error, and usage of one run, as lines. */
export function reportRun(outcome: Outcome, { colors, maxChars }: ReportOptions): readonly string[] {
  const { entry, lane, run, output, reached, status } = outcome;
  const durationMs = elapsedMs(lane, 0);
  const duration = durationMs === null ? 'before it started' : `after ${formatDuration(durationMs)}`;
  const paint = {
    succeeded: colors.green,
    failed: colors.red,
    cancelled: colors.yellow,
    suspended: colors.yellow,
  };
  const lines = [`${colors.bold(oneLine(lane.name))} ${paint[status](status)} ${duration}`];
  const { inputs = {} } = entry.options;
  if (Object.keys(inputs).length > 0) lines.push(`inputs: ${shorten(JSON.stringify(inputs), 200)}`);
  if (output !== undefined) lines.push(`output:${outputText(output, maxChars)}`);
  else {
    const hint = hintOf(outcome.error);
    lines.push(formatError(toErrorData(outcome.error)), ...(hint === undefined ? [] : [`hint: ${hint}`]));
    const tasks = reached.map(
      ({ task, text }) => `reached: task ${oneLine(task)}: ${shorten(text, REACHED_CHARS)}`,
    );
    lines.push(...tasks);
  }
  if (run !== undefined) lines.push(`usage: ${usageText(run.usage)}`);
  return lines;
}

/** `7 calls, 2,345 tokens (1,800 in, 545 out), cost $0.0012` */
export function usageText(usage: UsageTotals): string {
  const { calls, attempts, totalTokens, inputTokens, outputTokens, costUsd, estimated } = usage;
  const retries = attempts > calls ? ` in ${countOf(attempts, 'attempt')}` : '';
  const tokens = `${countOf(totalTokens, 'token')} (${formatCount(inputTokens)} in, ${formatCount(outputTokens)} out)`;
  const estimate = estimated > 0 ? `, ${countOf(estimated, 'attempt')} estimated` : '';
  return `${countOf(calls, 'call')}${retries}, ${tokens}, cost ${formatCost(totalTokens, costUsd)}${estimate}`;
}

/** A typed output as JSON, else the text. What is longer than a line begins on its own. */
function outputText({ text, parsed }: CrewOutput, maxChars: number | undefined): string {
  if (maxChars !== undefined) {
    return ` ${shorten(parsed === undefined ? text : jsonText(parsed, 0), maxChars)}`;
  }
  const whole = parsed === undefined ? clean(text).trim() : jsonText(parsed, 2);
  return whole.includes('\n') ? `\n${whole}` : ` ${whole}`;
}

/** JSON of what a schema gave, which may hold what JSON cannot carry. */
function jsonText(parsed: unknown, indent: number): string {
  const carry = (_key: string, value: unknown): unknown =>
    typeof value === 'bigint' ? String(value) : value;
  return clean(JSON.stringify(parsed, carry, indent) ?? 'null');
}

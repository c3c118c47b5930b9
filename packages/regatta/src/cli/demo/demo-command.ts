/**
 * `regatta demo`: twelve runs of four crews at once, in one process. Each run has its own instance of
 * one callback class, which counts what it hears. At the end each must have heard its own run only.
 */
import { createRuntime, isRegattaError } from '../../index.ts';
import { countOf, formatDuration } from '../amount.ts';
import { type Colors, colorsFor } from '../colors.ts';
import { EXIT_FAILED, EXIT_USAGE, formatError } from '../failure.ts';
import { createProgress } from '../progress.ts';
import { REHEARSAL_NOTE } from '../rehearsal.ts';
import { reportRun, usageText } from '../report.ts';
import { sumUsage } from '../report-json.ts';
import type { Outcome } from '../run-all.ts';
import { watchRuns } from '../watch-runs.ts';
import { createDemoRuns, type DemoRun } from './demo-runs.ts';
import { keyNotes } from './keys.ts';
import { peakOf, spanMs } from './overlap.ts';
import { formatTally, isExact, sumTallies, tallyOf } from './tally.ts';

export interface DemoOptions {
  /** `provider/model`. @default the variable REGATTA_LLM, else the rehearsal model */
  readonly llm?: string;
}

const OUTPUT_CHARS = 240;

/** Runs it, prints it, and gives the exit code: 0 only when all runs succeeded and every event came to its own. */
export async function demoCommand({ llm }: DemoOptions): Promise<number> {
  const named = llm ?? (process.env.REGATTA_LLM || 'rehearsal');
  const isRehearsal = named === 'rehearsal' || named.startsWith('rehearsal/');
  const print = (lines: readonly string[]): void => {
    process.stdout.write(`${lines.join('\n')}\n`);
  };
  try {
    const runtime = createRuntime({ env: process.env, llm: named });
    const runs = createDemoRuns();
    const colors = colorsFor(process.stdout);
    print([...opening(runs, isRehearsal ? undefined : named, colors), '']);
    const entries = runs.map(({ entry }) => entry);
    const progress = createProgress(process.stderr);
    const watched = await watchRuns(entries, { runtime, concurrency: runs.length, progress });
    const { outcomes, interruptCode } = watched;
    const { lines, isGood } = closing(runs, outcomes, colors);
    print([...lines, isRehearsal ? colors.yellow(REHEARSAL_NOTE) : `model: ${named}`]);
    return interruptCode ?? (isGood ? 0 : EXIT_FAILED);
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    process.stderr.write(`${formatError(error)}\n`);
    return EXIT_USAGE;
  }
}

function opening(runs: readonly DemoRun[], model: string | undefined, colors: Colors): readonly string[] {
  const crews = new Set(runs.map(({ entry }) => entry.crew)).size;
  const title = `Regatta: ${countOf(runs.length, 'run')} of ${countOf(crews, 'crew')} at once, each with its own callback of one class`;
  if (model !== undefined) return [colors.bold(title), `model: ${model}`];
  const note = 'rehearsal: no model is asked; a stand-in answers, without a key and without the network';
  return [colors.bold(title), colors.yellow(note), ...keyNotes(process.env)];
}

function closing(
  runs: readonly DemoRun[],
  outcomes: readonly Outcome[],
  colors: Colors,
): { readonly lines: readonly string[]; readonly isGood: boolean } {
  const results = outcomes.flatMap((outcome, index) => {
    const run = runs[index];
    return run === undefined ? [] : [{ outcome, tally: tallyOf(outcome, run.witness) }];
  });
  const blocks = results.flatMap(({ outcome, tally }) => [
    ...reportRun(outcome, { colors, maxChars: OUTPUT_CHARS }),
    `audit: ${formatTally(tally)}`,
    '',
  ]);
  const lanes = outcomes.map(({ lane }) => lane);
  const succeeded = outcomes.filter(({ status }) => status === 'succeeded').length;
  const usages = outcomes.flatMap(({ run }) => run?.usage ?? []);
  const total = sumTallies(results.map(({ tally }) => tally));
  return {
    lines: [
      ...blocks,
      `${succeeded} of ${countOf(runs.length, 'run')} succeeded in ${formatDuration(spanMs(lanes))}, up to ${peakOf(lanes)} of them under way at the same time`,
      `all runs: ${usageText(sumUsage(usages))}`,
      `all runs: ${formatTally(total)}`,
    ],
    isGood: succeeded === runs.length && results.every(({ tally }) => isExact(tally)),
  };
}

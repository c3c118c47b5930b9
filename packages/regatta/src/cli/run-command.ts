/** `regatta run`: the crew of a module, once for each of its inputs. */
import { basename, extname } from 'node:path';
import {
  type Cassette,
  type Crew,
  createRuntime,
  type Inputs,
  isRegattaError,
  type Runtime,
} from '../index.ts';
import { captureConsole } from './capture-console.ts';
import { colorsFor } from './colors.ts';
import { EXIT_FAILED, EXIT_USAGE, formatError } from './failure.ts';
import { badOption, readInputs } from './inputs.ts';
import { loadCrew } from './load-crew.ts';
import { createProgress, type Progress } from './progress.ts';
import { REHEARSAL_NOTE, rehearsalNote } from './rehearsal.ts';
import { reportRun, usageText } from './report.ts';
import { stringify, sumUsage, toDocument } from './report-json.ts';
import type { Entry, Outcome } from './run-all.ts';
import { watchRuns } from './watch-runs.ts';

/** As commander gives them. */
export interface RunOptions {
  readonly export?: string;
  readonly input?: readonly string[];
  readonly inputs?: string;
  readonly concurrency?: string;
  readonly llm?: string;
  readonly rehearse?: boolean;
  readonly record?: string;
  readonly replay?: string;
  readonly stream?: boolean;
  readonly json?: boolean;
}

/** As `kickoffForEach`. */
const CONCURRENCY = 10;

/** Runs it all, prints what came out on stdout, and gives the exit code. */
export async function runCommand(file: string, options: RunOptions): Promise<number> {
  const progress = createProgress(process.stderr);
  const captured = captureConsole(progress.print);
  try {
    const concurrency = parseConcurrency(options.concurrency);
    const inputs = readInputs({ pairs: options.input ?? [], file: options.inputs });
    const cassette = await openCassette(options);
    const runtime = openRuntime(options, { progress, cassette });
    const entries = toEntries(await loadCrew(file, options.export), inputs, { ...options, file });
    const { outcomes, interruptCode } = await watchRuns(entries, { runtime, concurrency, progress });
    const isRehearsal = options.rehearse ?? false;
    if (options.json) printJson(outcomes, isRehearsal);
    else printText(outcomes, isRehearsal);
    await cassette?.save();
    const hasFailed = outcomes.some(({ status }) => status !== 'succeeded');
    return interruptCode ?? (hasFailed ? EXIT_FAILED : 0);
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    process.stderr.write(`${formatError(error)}\n`);
    return EXIT_USAGE;
  } finally {
    captured[Symbol.dispose]();
  }
}

/** Loaded for who asks for it. */
async function openCassette({ record, replay }: RunOptions): Promise<Cassette | undefined> {
  const file = record ?? replay;
  if (file === undefined) return undefined;
  const { cassette } = await import('../testing/index.ts');
  return cassette(file, { mode: record === undefined ? 'replay' : 'record' });
}

interface Surroundings {
  readonly progress: Progress;
  readonly cassette: Cassette | undefined;
}

function openRuntime({ llm, rehearse = false }: RunOptions, { progress, cassette }: Surroundings): Runtime {
  const named = rehearse ? 'rehearsal' : llm; // so that agents without a model rehearse too
  return createRuntime({
    env: process.env,
    rehearse,
    ...(named === undefined ? {} : { llm: named }),
    ...(cassette === undefined ? {} : { cassette }),
    onCallbackError: (error, event, name) => {
      const cause = error instanceof Error ? error.message : String(error);
      progress.print(`warning: callback "${name}" failed on ${event.type} of run ${event.runId}: ${cause}`);
    },
  });
}

function toEntries(
  crew: Crew,
  inputs: readonly Inputs[],
  { file, stream = false }: RunOptions & { readonly file: string },
): readonly Entry[] {
  // A crew that got no name of its own is called by its file.
  const name = crew.name === 'crew' ? basename(file, extname(file)) : crew.name;
  return inputs.map((one, index) => ({
    name: inputs.length > 1 ? `${name} ${index + 1}/${inputs.length}` : name,
    crew,
    options: { inputs: one, stream },
  }));
}

function parseConcurrency(text: string | undefined): number {
  if (text === undefined) return CONCURRENCY;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw badOption(
    '--concurrency',
    text,
    `--concurrency must be a whole number of at least 1, got "${text}". Correct it or leave it out.`,
  );
}

function printJson(outcomes: readonly Outcome[], isRehearsal: boolean): void {
  const document = toDocument(outcomes, isRehearsal);
  process.stdout.write(`${stringify(document)}\n`);
  if (document.rehearsal !== null) process.stderr.write(`${document.rehearsal}\n`);
}

function printText(outcomes: readonly Outcome[], isRehearsal: boolean): void {
  const colors = colorsFor(process.stdout);
  const usages = outcomes.flatMap(({ run }) => run?.usage ?? []);
  const blocks = outcomes.map((outcome) => reportRun(outcome, { colors }).join('\n'));
  if (outcomes.length > 1) blocks.push(`all runs: ${usageText(sumUsage(usages))}`);
  const note = isRehearsal ? REHEARSAL_NOTE : rehearsalNote(usages);
  if (note !== undefined) blocks.push(colors.yellow(note));
  process.stdout.write(`${blocks.join('\n\n')}\n`);
}

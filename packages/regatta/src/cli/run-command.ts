/** `regatta run`: the crew of a project or a module, once for each of its inputs. */
import {
  type Cassette,
  createRuntime,
  type Env,
  type Inputs,
  isRegattaError,
  LLM,
  type Runtime,
} from '../index.ts';
import { askInputs, canAsk } from './ask-inputs.ts';
import { captureConsole } from './capture-console.ts';
import { colorsFor } from './colors.ts';
import { EXIT_FAILED, EXIT_USAGE, formatError } from './failure.ts';
import { parseCount, readInputs } from './inputs.ts';
import { loadTarget, type Target } from './load-target.ts';
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
    const concurrency = parseCount('--concurrency', options.concurrency, CONCURRENCY);
    const inputs = readInputs({ pairs: options.input ?? [], file: options.inputs });
    const cassette = await openCassette(options);
    checkLlm(options);
    const target = await loadTarget(file, options.export);
    for (const note of target.notes) progress.print(note);
    const runtime = openRuntime(options, { progress, cassette, env: target.env });
    const entries = toEntries(target, await completeInputs(target, inputs), options);
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

/** Before any code of the user's runs. @throws RegattaError `llm/bad-model` */
export function checkLlm({ llm }: Pick<RunOptions, 'llm'>): void {
  if (llm !== undefined) new LLM({ model: llm });
}

/** Loaded for who asks for it. */
async function openCassette({ record, replay }: RunOptions): Promise<Cassette | undefined> {
  const file = record ?? replay;
  if (file === undefined) return undefined;
  const { cassette } = await import('../testing/index.ts');
  return cassette(file, { mode: record === undefined ? 'replay' : 'record' });
}

export interface Surroundings {
  readonly progress: Progress;
  readonly cassette?: Cassette | undefined;
  readonly env: Env;
}

/** The runtime of a command: its options, and callbacks that fail are told of. */
export function openRuntime(
  { llm, rehearse = false }: Pick<RunOptions, 'llm' | 'rehearse'>,
  { progress, cassette, env }: Surroundings,
): Runtime {
  const named = rehearse ? 'rehearsal' : llm; // so that agents without a model rehearse too
  return createRuntime({
    env,
    rehearse,
    ...(named === undefined ? {} : { llm: named }),
    ...(cassette === undefined ? {} : { cassette }),
    onCallbackError: (error, event, name) => {
      const cause = error instanceof Error ? error.message : String(error);
      progress.print(`warning: callback "${name}" failed on ${event.type} of run ${event.runId}: ${cause}`);
    },
  });
}

/** The inputs of each run over the project's own; a person is asked for what one run lacks. */
export async function completeInputs(target: Target, given: readonly Inputs[]): Promise<readonly Inputs[]> {
  const all = given.map((inputs) => ({ ...target.inputs, ...inputs }));
  const [only, ...others] = all;
  if (only === undefined || others.length > 0 || !canAsk()) return all;
  return [await askInputs(target.placeholders, only, { input: process.stdin, output: process.stderr })];
}

function toEntries(
  { crew, name }: Target,
  inputs: readonly Inputs[],
  { stream = false }: RunOptions,
): readonly Entry[] {
  return inputs.map((one, index) => ({
    name: inputs.length > 1 ? `${name} ${index + 1}/${inputs.length}` : name,
    crew,
    options: { inputs: one, stream },
  }));
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

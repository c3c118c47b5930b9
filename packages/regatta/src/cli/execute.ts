/** What commands that run crews have in common: a runtime, progress, what came out, and the exit code. */
import {
  type Cassette,
  createRuntime,
  type Env,
  isRegattaError,
  type Journal,
  LLM,
  type Runtime,
} from '../index.ts';
import { askPerson, personHere } from './ask-person.ts';
import { captureConsole } from './capture-console.ts';
import { colorsFor } from './colors.ts';
import { EXIT_FAILED, EXIT_SUSPENDED, EXIT_USAGE, formatError } from './failure.ts';
import { openJournal } from './journal-target.ts';
import { createProgress, type Progress } from './progress.ts';
import { REHEARSAL_NOTE, rehearsalNote } from './rehearsal.ts';
import { reportRun, usageText } from './report.ts';
import { stringify, sumUsage, toDocument } from './report-json.ts';
import type { Entry, Outcome } from './run-all.ts';
import { watchRuns } from './watch-runs.ts';

/** Options of every command that runs crews, as commander gives them. */
export interface ExecuteOptions {
  readonly journal?: string;
  readonly llm?: string;
  readonly rehearse?: boolean;
  readonly record?: string;
  readonly replay?: string;
  readonly stream?: boolean;
  readonly json?: boolean;
}

export interface Plan {
  readonly entries: readonly Entry[];
  /** Runs at once. */
  readonly concurrency: number;
}

/** What was loaded, before there is a runtime. */
export interface Loaded {
  /** @default the process's */
  readonly env?: Env;
  /** Lines to show before anything runs. */
  readonly notes?: readonly string[];
  readonly plan: (runtime: Runtime, common: Common) => Promise<Plan>;
}

/** What a run is started with, whatever the command. */
export type Common = Pick<Entry['options'], 'stream' | 'onInput'>;

/** Runs what was loaded as its `plan` says, prints what came out on stdout, and gives the exit code. */
export async function execute(options: ExecuteOptions, load: () => Promise<Loaded>): Promise<number> {
  const progress = createProgress(process.stderr);
  const captured = captureConsole(progress.print);
  try {
    const cassette = await openCassette(options);
    await using journal = options.journal === undefined ? undefined : await openJournal(options.journal);
    const { env = process.env, notes = [], plan } = await load();
    for (const note of notes) progress.print(note);
    const runtime = openRuntime(options, { progress, cassette, journal, env });
    const common = { stream: options.stream ?? false, onInput: onInputOf(options, progress) };
    const { entries, concurrency } = await plan(runtime, common);
    const { outcomes, interruptCode } = await watchRuns(entries, { runtime, concurrency, progress });
    const isRehearsal = options.rehearse ?? false;
    if (options.json) printJson(outcomes, isRehearsal);
    else printText(outcomes, isRehearsal);
    await cassette?.save();
    return interruptCode ?? exitCodeOf(outcomes);
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    process.stderr.write(`${formatError(error)}\n`);
    return EXIT_USAGE;
  } finally {
    captured[Symbol.dispose]();
  }
}

function exitCodeOf(outcomes: readonly Outcome[]): number {
  const statuses = outcomes.map(({ status }) => status).filter((status) => status !== 'succeeded');
  if (statuses.some((status) => status !== 'suspended')) return EXIT_FAILED;
  return statuses.length > 0 ? EXIT_SUSPENDED : 0;
}

/** A person at the terminal is asked. Without one, a run that can be resumed is suspended. */
function onInputOf({ journal }: ExecuteOptions, progress: Progress): NonNullable<Common['onInput']> {
  const person = personHere();
  if (!person.isPersonThere && journal !== undefined) return 'suspend';
  return askPerson({ ...person, progress });
}

/** Loaded for who asks for it. */
async function openCassette({ record, replay }: ExecuteOptions): Promise<Cassette | undefined> {
  const file = record ?? replay;
  if (file === undefined) return undefined;
  const { cassette } = await import('../testing/index.ts');
  return cassette(file, { mode: record === undefined ? 'replay' : 'record' });
}

/** Before any code of the user's runs. @throws RegattaError `llm/bad-model` */
export function checkLlm({ llm }: Pick<ExecuteOptions, 'llm'>): void {
  if (llm !== undefined) new LLM({ model: llm });
}

export interface Surroundings {
  readonly progress: Progress;
  readonly cassette?: Cassette | undefined;
  readonly journal?: Journal | undefined;
  readonly env: Env;
}

/** The runtime of a command: its options, and callbacks that fail are told of. */
export function openRuntime(
  { llm, rehearse = false }: Pick<ExecuteOptions, 'llm' | 'rehearse'>,
  { progress, cassette, journal, env }: Surroundings,
): Runtime {
  const named = rehearse ? 'rehearsal' : llm; // so that agents without a model rehearse too
  return createRuntime({
    env,
    rehearse,
    ...(named === undefined ? {} : { llm: named }),
    ...(journal === undefined ? {} : { journal }),
    ...(cassette === undefined ? {} : { cassette }),
    onCallbackError: (error, event, name) => {
      const cause = error instanceof Error ? error.message : String(error);
      progress.print(`warning: callback "${name}" failed on ${event.type} of run ${event.runId}: ${cause}`);
    },
  });
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

/** `regatta train` and `regatta test`: a crew many times over, for people's reviews or a judge's marks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type Crew,
  formatScores,
  type InputAnswers,
  type Inputs,
  isRegattaError,
  type KickoffOptions,
  type LlmInput,
  RegattaError,
  type RunEvent,
  type Runtime,
  type TestResult,
  type TrainingData,
} from '../index.ts';
import { askPerson, type Person, personHere } from './ask-person.ts';
import { captureConsole } from './capture-console.ts';
import { checkLlm, openRuntime } from './execute.ts';
import { EXIT_FAILED, EXIT_USAGE, formatError, hintOf } from './failure.ts';
import { badOption, parseCount, readInputs } from './inputs.ts';
import { watchInterrupts } from './interrupt.ts';
import { createLane, foldLane } from './lane.ts';
import { loadTarget, type Target } from './load-target.ts';
import { createProgress, type Progress } from './progress.ts';
import { REHEARSAL_NOTE } from './rehearsal.ts';
import { completeInputs } from './run-command.ts';
import { clean, oneLine } from './text.ts';

/** As commander gives them. */
export interface RepeatOptions {
  readonly export?: string;
  readonly input?: readonly string[];
  readonly inputs?: string;
  readonly iterations?: string;
  readonly llm?: string;
  readonly rehearse?: boolean;
  readonly json?: boolean;
}

export interface TrainOptions extends RepeatOptions {
  readonly file?: string;
}

export interface TestOptions extends RepeatOptions {
  readonly judge?: string;
}

/** As crewAI. */
const TRAIN_ITERATIONS = 5;
const TEST_ITERATIONS = 3;
const TRAINED_FILE = 'trained.json';
/** Milliseconds for what a runtime still holds. */
const CLOSE_MS = 5_000;

type Common = Required<Pick<KickoffOptions, 'inputs' | 'signal' | 'callbacks'>> & {
  readonly iterations: number;
  readonly runtime: Runtime;
};

/** Runs the crew while a person reviews what it does, and keeps what was learnt in a file. Gives the exit code. */
export async function trainCommand(
  path: string,
  options: TrainOptions,
  person: Person = personHere(),
): Promise<number> {
  return await repeat(path, { ...options, times: TRAIN_ITERATIONS }, (crew) => {
    if (!person.isPersonThere) throw nobodyReviews();
    return async (common, progress) => {
      const ask = askPerson({ ...person, progress });
      using place = placeOf(options);
      const result = await crew.train({
        ...common,
        file: place.file,
        onFeedback: async (draft) => (await ask(draft)) as InputAnswers['review'], // drafts are put up for review
      });
      return { result, summary: [...lessonsOf(result), place.note].join('\n'), isFailed: false };
    };
  });
}

/** Runs the crew while a model marks it, and prints the marks. Gives the exit code. */
export async function testCommand(path: string, options: TestOptions): Promise<number> {
  return await repeat(path, { ...options, times: TEST_ITERATIONS }, (crew) => {
    const judge = judgeOf(crew, options);
    return async (common) => {
      const result = await crew.test({ ...common, judge });
      const isFailed = result.iterations.some(({ error }) => error !== null);
      return { result, summary: formatScores(result), isFailed };
    };
  });
}

function nobodyReviews(): RegattaError {
  const message =
    'regatta train puts every draft before a person, and there is no terminal to answer at. Run it on one, or call crew.train with onFeedback.';
  return new RegattaError('cli/no-terminal', message, { token: '' });
}

interface Place extends Disposable {
  readonly file: string;
  /** What is said of it in the end. */
  readonly note: string;
}

/** Where lessons go. Those of a rehearsal are nobody's, and must not be mixed with others. */
function placeOf({ file = TRAINED_FILE, rehearse = false }: TrainOptions): Place {
  if (!rehearse) {
    const path = resolve(file);
    return { file: path, note: `kept in ${path}`, [Symbol.dispose]: () => undefined };
  }
  const folder = mkdtempSync(join(tmpdir(), 'regatta-rehearsal-'));
  return {
    file: join(folder, TRAINED_FILE),
    note: 'not kept: it was a rehearsal',
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function lessonsOf({ agents }: TrainingData): readonly string[] {
  const lessons = Object.entries(agents).flatMap(([role, { quality, summary, suggestions }]) => [
    `${oneLine(role)}: ${quality} of 10. ${oneLine(summary)}`,
    ...suggestions.map((suggestion) => `  - ${oneLine(suggestion)}`),
  ]);
  return lessons.length > 0 ? lessons : ['Nothing was sent back, so there was nothing to learn.'];
}

/** Whom the options name; else the crew's own model, which is not the fairest judge of itself. */
function judgeOf({ llm, agents }: Crew, { judge, rehearse, llm: named }: TestOptions): LlmInput {
  const chosen = judge ?? (rehearse ? 'rehearsal' : (named ?? llm ?? agents.find((one) => one.llm)?.llm));
  if (chosen !== undefined) return chosen;
  throw badOption('--judge', '', 'No model is named that marks. Write --judge PROVIDER/MODEL.');
}

interface Repeated {
  readonly result: TrainingData | TestResult;
  readonly summary: string;
  readonly isFailed: boolean;
}

/** Looks at the crew before anything runs; what it gives does the work. */
type Prepare = (crew: Crew) => (common: Common, progress: Progress) => Promise<Repeated>;

async function repeat(
  path: string,
  { times, ...options }: RepeatOptions & { readonly times: number },
  prepare: Prepare,
): Promise<number> {
  const progress = createProgress(process.stderr);
  const captured = captureConsole(progress.print);
  const interrupt = watchInterrupts(progress.print);
  let isRunning = false;
  let runtime: Runtime | undefined;
  try {
    const iterations = parseCount('--iterations', options.iterations, times);
    const given = readInputs({ pairs: options.input ?? [], file: options.inputs });
    checkLlm(options);
    const target = await loadTarget(path, options.export);
    for (const note of target.notes) progress.print(note);
    const inputs = await oneSet(target, given);
    const work = prepare(target.crew);
    runtime = openRuntime(options, { progress, env: target.env });
    const common = {
      iterations,
      inputs,
      runtime,
      signal: interrupt.signal,
      callbacks: [watchIterations(target, iterations, progress)],
    };
    isRunning = true;
    const { result, summary, isFailed } = await work(common, progress);
    await runtime.close({ timeoutMs: CLOSE_MS }); // so that all progress is shown before what came out
    progress[Symbol.dispose]();
    const rehearsal = options.rehearse ? REHEARSAL_NOTE : null;
    if (options.json) {
      process.stdout.write(`${JSON.stringify({ rehearsal, iterations, inputs, result }, null, 2)}\n`);
    } else process.stdout.write(`${clean(summary)}\n${rehearsal === null ? '' : `${rehearsal}\n`}`);
    return isFailed ? EXIT_FAILED : 0;
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    progress[Symbol.dispose]();
    const hint = hintOf(error);
    process.stderr.write(`${formatError(error)}\n${hint === undefined ? '' : `hint: ${hint}\n`}`);
    return interrupt.exitCode ?? (isRunning ? EXIT_FAILED : EXIT_USAGE);
  } finally {
    await runtime?.close({ timeoutMs: CLOSE_MS });
    progress[Symbol.dispose]();
    interrupt[Symbol.dispose]();
    captured[Symbol.dispose]();
  }
}

/** Shows each run of the crew as a lane, in the order in which they start. */
function watchIterations(
  { crew, name }: Target,
  iterations: number,
  progress: Progress,
): (event: RunEvent) => void {
  const lanes = Array.from({ length: iterations }, (_, index) =>
    createLane(`${name} ${index + 1}/${iterations}`, crew.tasks.length),
  );
  const runs: string[] = [];
  return (event) => {
    if (!runs.includes(event.runId) && runs.push(event.runId) === 1) progress.start(lanes);
    const index = runs.indexOf(event.runId);
    const lane = lanes[index];
    if (lane === undefined) return;
    const next = foldLane(lane, event);
    lanes[index] = next;
    progress.update(index, next, event);
  };
}

/** Iterations are of one and the same work. */
async function oneSet(target: Target, given: readonly Inputs[]): Promise<Inputs> {
  const [inputs = {}, ...others] = await completeInputs(target, given);
  if (others.length === 0) return inputs;
  const message = '--inputs has several objects, and each iteration takes the same inputs. Give one object.';
  throw new RegattaError('cli/bad-option', message, { option: '--inputs', value: '' });
}

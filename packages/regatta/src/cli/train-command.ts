/** `regatta train` and `regatta test`: a crew many times over, for people's remarks or a judge's marks. */
import { resolve } from 'node:path';
import {
  type Crew,
  type Inputs,
  isRegattaError,
  type LlmInput,
  RegattaError,
  type Runtime,
} from '../index.ts';
import { captureConsole } from './capture-console.ts';
import { checkLlm, openRuntime } from './execute.ts';
import { EXIT_FAILED, EXIT_USAGE, formatError, hintOf } from './failure.ts';
import { parseCount, readInputs } from './inputs.ts';
import { watchInterrupts } from './interrupt.ts';
import { loadTarget, type Target } from './load-target.ts';
import { createProgress } from './progress.ts';
import { REHEARSAL_NOTE } from './rehearsal.ts';
import { completeInputs } from './run-command.ts';

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

interface Common {
  readonly iterations: number;
  readonly inputs: Inputs;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
}

/** The methods of `Crew` that the commands call. */
interface Repeatable {
  train?(options: Common & { readonly file: string }): Promise<unknown>;
  test?(options: Common & { readonly judge?: LlmInput }): Promise<unknown>;
}

/** Runs the crew while people remark on it, and keeps what was learnt in a file. Gives the exit code. */
export async function trainCommand(path: string, options: TrainOptions): Promise<number> {
  const file = resolve(options.file ?? TRAINED_FILE);
  return await repeat(path, options, TRAIN_ITERATIONS, async (crew, common) => {
    if (crew.train === undefined) throw lacks('train');
    const result = await crew.train({ ...common, file });
    return { result, summary: `trained in ${common.iterations} iterations, kept in ${file}` };
  });
}

/** Runs the crew while a model marks it, and prints the marks. Gives the exit code. */
export async function testCommand(path: string, options: TestOptions): Promise<number> {
  return await repeat(path, options, TEST_ITERATIONS, async (crew, common) => {
    if (crew.test === undefined) throw lacks('test');
    const { judge = options.rehearse ? 'rehearsal' : undefined } = options;
    const result = await crew.test({ ...common, ...(judge === undefined ? {} : { judge }) });
    return {
      result,
      summary: `tested in ${common.iterations} iterations\n${JSON.stringify(result ?? null, null, 2)}`,
    };
  });
}

interface Repeated {
  readonly result: unknown;
  readonly summary: string;
}

async function repeat(
  path: string,
  options: RepeatOptions,
  iterations: number,
  work: (crew: Repeatable, common: Common) => Promise<Repeated>,
): Promise<number> {
  const progress = createProgress(process.stderr);
  const captured = captureConsole(progress.print);
  const interrupt = watchInterrupts(progress.print);
  let isRunning = false;
  let runtime: Runtime | undefined;
  try {
    const count = parseCount('--iterations', options.iterations, iterations);
    const given = readInputs({ pairs: options.input ?? [], file: options.inputs });
    checkLlm(options);
    const target = await loadTarget(path, options.export);
    for (const note of target.notes) progress.print(note);
    const inputs = await oneSet(target, given);
    runtime = openRuntime(options, { progress, env: target.env });
    isRunning = true;
    const common = { iterations: count, inputs, runtime, signal: interrupt.signal };
    // A crew is known by its shape, and its class may be that of an older copy.
    const { result, summary } = await work(target.crew as Crew & Repeatable, common);
    const isRehearsal = options.rehearse ?? false;
    const rehearsal = isRehearsal ? REHEARSAL_NOTE : null;
    if (options.json) {
      const document = { rehearsal, iterations: count, inputs, result: result ?? null };
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    } else process.stdout.write(`${summary}\n${isRehearsal ? `${REHEARSAL_NOTE}\n` : ''}`);
    return 0;
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    const hint = hintOf(error);
    process.stderr.write(`${formatError(error)}\n${hint === undefined ? '' : `hint: ${hint}\n`}`);
    return interrupt.exitCode ?? (isRunning && error.code !== 'cli/bad-module' ? EXIT_FAILED : EXIT_USAGE);
  } finally {
    await runtime?.close({ timeoutMs: CLOSE_MS });
    interrupt[Symbol.dispose]();
    captured[Symbol.dispose]();
  }
}

/** Iterations are of one and the same work. */
async function oneSet(target: Target, given: readonly Inputs[]): Promise<Inputs> {
  const [inputs = {}, ...others] = await completeInputs(target, given);
  if (others.length === 0) return inputs;
  const message = '--inputs has several objects, and each iteration takes the same inputs. Give one object.';
  throw new RegattaError('cli/bad-option', message, { option: '--inputs', value: '' });
}

function lacks(method: string): RegattaError {
  return new RegattaError(
    'cli/bad-module',
    `The crew has no ${method}(): the regatta that made it is older than this command. Update regatta in its project.`,
    { file: '' },
  );
}

/** `regatta run`: the crew of a project or a module, once for each of its inputs. */
import type { Inputs } from '../index.ts';
import { askInputs, canAsk } from './ask-inputs.ts';
import { type Common, checkLlm, type ExecuteOptions, execute } from './execute.ts';
import { parseCount, readInputs } from './inputs.ts';
import { loadTarget, type Target } from './load-target.ts';
import type { Entry } from './run-all.ts';

/** As commander gives them. */
export interface RunOptions extends ExecuteOptions {
  readonly export?: string;
  readonly input?: readonly string[];
  readonly inputs?: string;
  readonly concurrency?: string;
}

/** As `kickoffForEach`. */
const CONCURRENCY = 10;

/** Runs it all, prints what came out on stdout, and gives the exit code. */
export async function runCommand(file: string, options: RunOptions): Promise<number> {
  return await execute(options, async () => {
    const concurrency = parseCount('--concurrency', options.concurrency, CONCURRENCY);
    const given = readInputs({ pairs: options.input ?? [], file: options.inputs });
    checkLlm(options);
    const target = await loadTarget(file, options.export);
    const plan = async (_: unknown, common: Common) => {
      return { entries: toEntries(target, await completeInputs(target, given), common), concurrency };
    };
    return { ...target, plan };
  });
}

/** The inputs of each run over the project's own; a person is asked for what one run lacks. */
export async function completeInputs(target: Target, given: readonly Inputs[]): Promise<readonly Inputs[]> {
  const all = given.map((inputs) => ({ ...target.inputs, ...inputs }));
  const [only, ...others] = all;
  if (only === undefined || others.length > 0 || !canAsk()) return all;
  return [await askInputs(target.placeholders, only, { input: process.stdin, output: process.stderr })];
}

function toEntries({ crew, name }: Target, inputs: readonly Inputs[], common: Common): readonly Entry[] {
  return inputs.map((one, index) => ({
    name: inputs.length > 1 ? `${name} ${index + 1}/${inputs.length}` : name,
    crew,
    options: { ...common, inputs: one },
  }));
}

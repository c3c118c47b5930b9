/** `regatta run`: the crew of a module, once for each of its inputs. */
import { basename, extname } from 'node:path';
import type { Crew, Inputs } from '../index.ts';
import { type Common, type ExecuteOptions, execute } from './execute.ts';
import { badOption, readInputs } from './inputs.ts';
import { loadCrew } from './load-crew.ts';
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
  return await execute(options, async (_runtime, common) => {
    const concurrency = parseConcurrency(options.concurrency);
    const inputs = readInputs({ pairs: options.input ?? [], file: options.inputs });
    const crew = await loadCrew(file, options.export);
    return { entries: toEntries(crew, inputs, { file, common }), concurrency };
  });
}

function toEntries(
  crew: Crew,
  inputs: readonly Inputs[],
  { file, common }: { readonly file: string; readonly common: Common },
): readonly Entry[] {
  // A crew that got no name of its own is called by its file.
  const name = crew.name === 'crew' ? basename(file, extname(file)) : crew.name;
  return inputs.map((one, index) => ({
    name: inputs.length > 1 ? `${name} ${index + 1}/${inputs.length}` : name,
    crew,
    options: { ...common, inputs: one },
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

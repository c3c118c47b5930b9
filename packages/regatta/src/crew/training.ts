/** Reads and writes what agents have learned, and makes it part of their prompts. */
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, type Problem, RegattaError } from '../base/errors.ts';
import { deepFreeze, parseJson, toJson } from '../base/json.ts';
import { show } from '../base/problems.ts';
import { createContract, listProblems } from '../base/schema.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Advice } from './advice.ts';
import { NO_TRAINING, TRAINING_SCHEMA, type TrainingData, type TrainingSource } from './training-data.ts';

/** What prompts of this run say of earlier ones. Recorded: a file may change. @throws RegattaError `training/bad-file` */
export async function readAdvice(source: TrainingSource, context: RunContext): Promise<Advice> {
  const { agents } = await context.step('training', () => readTraining(source));
  return new Map(Object.entries(agents).map(([role, { suggestions }]) => [role, toText(suggestions)]));
}

function toText(suggestions: readonly string[]): string {
  if (suggestions.length === 0) return '';
  const lines = suggestions.map((suggestion) => `- ${suggestion}`).join('\n');
  return `What you have learned from reviews of your earlier work:\n${lines}`;
}

/** @throws RegattaError `training/bad-file` */
export async function readTraining(source: TrainingSource): Promise<TrainingData> {
  if (typeof source !== 'string') return await checkTraining(source, '(given as data)');
  return await checkTraining(parse(await read(source), source), source);
}

/** As `readTraining`, with nothing learned where there is no such file yet. */
export async function readTrainingOr(file: string): Promise<TrainingData> {
  try {
    return await readTraining(file);
  } catch (error) {
    const isMissing =
      error instanceof RegattaError && (error.cause as NodeJS.ErrnoException)?.code === 'ENOENT';
    if (isMissing) return NO_TRAINING;
    throw error;
  }
}

/** Whole or not at all: a reader never sees half of it. @throws RegattaError `training/bad-file` */
export async function writeTraining(file: string, data: TrainingData): Promise<void> {
  const path = resolve(file);
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    await writeFile(temporary, `${JSON.stringify(data, null, 2)}\n`, { flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to tell
    throw badFile(file, `cannot be written: ${messageOf(error)}. Name a file in a folder that exists.`, {
      cause: error,
    });
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw badFile(
      file,
      `cannot be read: ${messageOf(error)}. Make it with crew.train, or correct its path.`,
      { cause: error },
    );
  }
}

function parse(text: string, file: string): unknown {
  const json = parseJson(text);
  if (json === undefined) throw badFile(file, 'is not JSON. Restore it, or make it anew with crew.train.');
  return json;
}

async function checkTraining(data: unknown, file: string): Promise<TrainingData> {
  const result = await createContract(TRAINING_SCHEMA, 'The training').parse(data);
  if (result.isValid) return deepFreeze(toJson(data)) as unknown as TrainingData; // by the schema
  const lines = listProblems(result.problems);
  throw badFile(
    file,
    `is no training of version 1:\n${lines}\nRestore it, or make it anew with crew.train.`,
    {
      problems: result.problems,
    },
  );
}

interface BadFile {
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
}

function badFile(file: string, what: string, { problems = [], ...options }: BadFile = {}): RegattaError {
  const message = `Training file ${show(file)} ${what}`;
  return new RegattaError('training/bad-file', message, { file, problems }, options);
}

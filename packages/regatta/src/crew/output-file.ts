/**
 * A task's answer in a file. It stays below its directory, whatever the inputs are, and whoever reads it
 * finds the whole of one answer.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { messageOf, RegattaError } from '../base/errors.ts';
import { toJsonOr } from '../base/json.ts';
import { type Inputs, interpolate } from '../base/template.ts';
import type { TaskOutput } from '../protocol/output.ts';

/** Separators, what Windows refuses in names, and control characters. */
const UNFIT = /[/\\:*?"<>|\p{Cc}]/gu;

export interface OutputFile {
  /** Relative, may hold placeholders. */
  readonly template: string;
  readonly inputs: Inputs;
  /** Absolute. */
  readonly directory: string;
}

/** Gives the path. @throws RegattaError `file/outside` or `file/not-written`. */
export async function writeOutputFile(
  { template, inputs, directory }: OutputFile,
  text: string,
): Promise<string> {
  const file = interpolate(template, fileNames(inputs));
  const path = resolve(directory, file);
  if (!isBelow(directory, path)) throw outside(file, directory);
  const folder = dirname(path);
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  try {
    await mkdir(directory, { recursive: true });
    // Before folders are made: one that is there may be a link to somewhere else.
    const existing = await nearest(folder);
    if (!isBelow(await realpath(directory), existing, true)) throw outside(file, directory);
    await mkdir(folder, { recursive: true });
    await writeFile(temporary, text, { flag: 'wx' });
    await rename(temporary, path);
    return path;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to tell
    if (error instanceof RegattaError) throw error;
    throw new RegattaError(
      'file/not-written',
      `Output file "${file}" cannot be written: ${messageOf(error)}. Make room for it, or name another outputFile or outputDirectory.`,
      { file },
      { cause: error },
    );
  }
}

/** Typed output as JSON that people can read; else the answer as it is. */
export function outputText({ text, parsed }: TaskOutput): string {
  const json = toJsonOr(parsed, null);
  return parsed === undefined || json === null ? text : `${JSON.stringify(json, null, 2)}\n`;
}

/** Each input as part of one name: what separates folders, and what file systems refuse, becomes "-". */
function fileNames(inputs: Inputs): Inputs {
  const toName = (name: string): string => interpolate(`{${name}}`, inputs).replace(UNFIT, '-');
  return Object.fromEntries(Object.keys(inputs).map((name) => [name, toName(name)]));
}

function isBelow(directory: string, path: string, orItself = false): boolean {
  const way = relative(directory, path);
  if (way === '') return orItself;
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The real path of the innermost folder that exists. */
async function nearest(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error;
    return await nearest(dirname(folder));
  }
}

function outside(file: string, directory: string): RegattaError {
  return new RegattaError(
    'file/outside',
    `Output file "${file}" is not below its directory "${directory}". Name a file in it, or another outputDirectory.`,
    { file, directory },
  );
}

/** The inputs of runs, from the options of the command line. */
import { readFileSync } from 'node:fs';
import { type Inputs, RegattaError } from '../index.ts';

export interface InputOptions {
  /** `key=value` pairs; they go into every run. */
  readonly pairs: readonly string[];
  /** A JSON file: an object for one run, an array of objects for one run each. */
  readonly file: string | undefined;
}

/**
 * The inputs of each run, at least one.
 *
 * @throws RegattaError `cli/bad-option` or `cli/file-not-found`.
 */
export function readInputs({ pairs, file }: InputOptions): readonly Inputs[] {
  const shared = Object.fromEntries(pairs.map(parsePair));
  const given = file === undefined ? [{}] : readFile(file);
  return given.map((inputs) => ({ ...inputs, ...shared }));
}

function parsePair(pair: string): readonly [key: string, value: unknown] {
  const at = pair.indexOf('=');
  const key = pair.slice(0, at).trim();
  if (at > 0 && key !== '') return [key, parseValue(pair.slice(at + 1))];
  throw badOption(
    '--input',
    pair,
    `--input must be key=value, got "${pair}". Write for example --input topic=tides.`,
  );
}

/**
 * JSON where it is a number, a boolean, an object or an array; else the text as it is. A number that
 * JSON would write in another way (`1.10`, `007`, a long id) stays text, so that nothing of it is lost.
 */
export function parseValue(text: string): unknown {
  const value = parseJson(text);
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      return String(value) === text ? value : text;
    case 'object':
      return value ?? text;
    default:
      return text;
  }
}

function readFile(file: string): readonly Inputs[] {
  const value = parseJson(readText(file));
  if (value === undefined) {
    throw badOption(
      '--inputs',
      file,
      `--inputs ${file} is not valid JSON. Give an object, or an array of objects.`,
    );
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) {
    throw badOption('--inputs', file, `--inputs ${file} is an empty array. Give at least one object.`);
  }
  return list.map((inputs, index) => {
    if (isObject(inputs)) return inputs;
    const where = Array.isArray(value) ? `element ${index} of --inputs ${file}` : `--inputs ${file}`;
    const found = inputs === null ? 'null' : Array.isArray(inputs) ? 'an array' : `a ${typeof inputs}`;
    throw badOption(
      '--inputs',
      file,
      `${where} must be an object of inputs, and is ${found}. Correct the file.`,
    );
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `The file of --inputs, ${file}, cannot be read (${codeOf(cause)}). Correct the path.`;
    throw new RegattaError('cli/file-not-found', message, { file }, { cause });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** Undefined for what is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // "not JSON" is an answer here, and the only thing JSON.parse throws for
  }
}

function isObject(value: unknown): value is Inputs {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function badOption(option: string, value: string, message: string): RegattaError {
  return new RegattaError('cli/bad-option', message, { option, value });
}

/**
 * The whole number that `option` was given, or `otherwise`.
 *
 * @throws RegattaError `cli/bad-option` below 1.
 */
export function parseCount(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw badOption(
    option,
    text,
    `${option} must be a whole number of at least 1, got "${text}". Correct it or leave it out.`,
  );
}

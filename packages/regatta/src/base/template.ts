/**
 * `{placeholders}` in the texts of agents and tasks.
 *
 * One pass: what a value contains is never read again, so an input cannot smuggle in another
 * placeholder. Only `{name}` counts; JSON braces and `{ name }` stay as they are.
 */
import { RegattaError } from './errors.ts';
import { type Json, toJson, toJsonOr } from './json.ts';

export type Inputs = Readonly<Record<string, unknown>>;

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_-]*)\}/g;

/** The names that `texts` ask for, each once, in order. */
export function placeholdersOf(texts: readonly string[]): readonly string[] {
  const found = texts.flatMap((text) => Array.from(text.matchAll(PLACEHOLDER), ([, name]) => name as string)); // the group always matches
  return [...new Set(found)];
}

/**
 * @throws RegattaError `inputs/missing` naming every one of `needed` that `inputs` lacks, before any of
 * them costs a token.
 */
export function checkInputs(needed: readonly string[], inputs: Inputs): void {
  const names = needed.filter((name) => !Object.hasOwn(inputs, name));
  if (names.length === 0) return;
  const given = Object.keys(inputs);
  const list = names.map((name) => `{${name}}`).join(', ');
  const known = given.length > 0 ? `Given were: ${given.join(', ')}.` : 'No inputs were given.';
  throw new RegattaError(
    'inputs/missing',
    `The inputs lack ${list}. Pass ${names.length > 1 ? 'them' : 'it'} in kickoff({ inputs }). ${known}`,
    { names, given },
  );
}

/** @throws RegattaError `inputs/not-json` naming every input that JSON cannot carry: a cycle, a BigInt. */
export function checkJson(inputs: Inputs): void {
  const names = Object.keys(inputs).filter((name) => !isJson(inputs[name]));
  if (names.length === 0) return;
  const list = names.map((name) => `"${name}"`).join(', ');
  throw new RegattaError(
    'inputs/not-json',
    `The inputs ${list} cannot be written as JSON. Pass text, numbers, or plain data without cycles.`,
    { names },
  );
}

function isJson(value: unknown): boolean {
  return typeof value === 'string' || toJsonOr(value, NOT_JSON) !== NOT_JSON;
}

/** Stands for what is not JSON: no input can be this very object. */
const NOT_JSON: Json = Object.freeze({});

/** `text` with every placeholder replaced. Strings go in as they are, other values as JSON. */
export function interpolate(text: string, inputs: Inputs): string {
  if (!text.includes('{')) return text;
  return text.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(inputs, name) ? asText(inputs[name]) : whole,
  );
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(toJson(value));
}

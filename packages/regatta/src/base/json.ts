/** JSON as a type, and what is done with it everywhere. */

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Freezes `value` and all it holds. Only for data that we made: a caller's objects are never frozen. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const key in value) deepFreeze(value[key]);
  return value;
}

/**
 * A frozen copy of `value` as JSON would carry it: no functions, no undefined, no prototypes.
 * @throws TypeError for a cycle or a BigInt, as `JSON.stringify` does.
 */
export function toJson(value: unknown): Json {
  if (value === undefined) return null;
  const text = JSON.stringify(value);
  return text === undefined ? null : deepFreeze(JSON.parse(text) as Json); // JSON.parse yields nothing but Json
}

/** As `toJson`, with `fallback` for what JSON cannot carry. */
export function toJsonOr(value: unknown, fallback: Json): Json {
  try {
    return toJson(value);
  } catch {
    return fallback; // the caller has decided what stands for such a value
  }
}

/** Parses JSON text; undefined when it is not JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json; // JSON.parse yields nothing but Json
  } catch {
    return undefined; // "not JSON" is an answer here, and the only thing JSON.parse throws for
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON text with object keys in sorted order: equal values give equal texts. */
export function stableStringify(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(stableStringify).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${stableStringify(value[key] ?? null)}`).join(',')}}`;
}

/**
 * The JSON value in a model's answer: the whole text, or what stands in a code fence, or the first
 * balanced object or array. Undefined when there is none.
 */
export function extractJson(text: string): Json | undefined {
  const whole = parseJson(text.trim());
  if (whole !== undefined) return whole;
  const fenced = /```(?:json)?\s*\n?([\s\S]*?)```/.exec(text)?.[1];
  if (fenced !== undefined) {
    const value = parseJson(fenced.trim());
    if (value !== undefined) return value;
  }
  for (let start = text.search(/[{[]/); start >= 0; start = nextOpening(text, start + 1)) {
    const end = balancedEnd(text, start);
    const value = end === -1 ? undefined : parseJson(text.slice(start, end));
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The JSON value that `text` is, or begins with where it begins with a bracket. Undefined when that is not JSON. */
export function leadingJson(text: string): Json | undefined {
  const whole = parseJson(text);
  if (whole !== undefined || !/^[{[]/.test(text)) return whole;
  const end = balancedEnd(text, 0);
  return end === -1 ? undefined : parseJson(text.slice(0, end));
}

function nextOpening(text: string, from: number): number {
  const offset = text.slice(from).search(/[{[]/);
  return offset === -1 ? -1 : from + offset;
}

/** Index after the bracket that closes the one at `start`, or -1. Brackets inside strings do not count. */
function balancedEnd(text: string, start: number): number {
  let depth = 0;
  let isInString = false;
  for (let index = start; index < text.length; index++) {
    const char = text[index];
    if (isInString) {
      if (char === '\\') index++;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return index + 1;
  }
  return -1;
}

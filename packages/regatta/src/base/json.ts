/** JSON as a type, and what is done with it everywhere. */

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Freezes `value` and all it holds. Only for data that we made: a caller's objects are never frozen. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value); // before what is inside: a cycle ends here
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') deepFreeze(item);
  } else {
    for (const key in value) if (typeof value[key] === 'object') deepFreeze(value[key]);
  }
  return value;
}

/**
 * A frozen copy of `value` as JSON would carry it: no functions, no undefined, no prototypes.
 * @throws TypeError for a cycle or a BigInt, as `JSON.stringify` does.
 */
export function toJson(value: unknown): Json {
  return copy(value, '', 0) ?? null;
}

/** Deeper than what people write, and shallow enough for the stack: a cycle ends here. */
const MAX_DEPTH = 200;

/** `JSON.parse(JSON.stringify(value))` in one pass, frozen. Undefined for what JSON leaves out. */
function copy(value: unknown, key: string, depth: number): Json | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value + 0 : null; // JSON has no -0
    case 'object':
      break;
    default:
      return native(value);
  }
  if (value === null) return null;
  if (depth > MAX_DEPTH || isBoxed(value)) return native(value);
  if ('toJSON' in value && typeof value.toJSON === 'function') return copy(value.toJSON(key), key, depth + 1);
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (let index = 0; index < value.length; index++) {
      items.push(copy(value[index], String(index), depth + 1) ?? null);
    }
    return Object.freeze(items);
  }
  const fields: Record<string, Json> = {};
  for (const name of Object.keys(value)) {
    const field = copy(Reflect.get(value, name), name, depth + 1);
    if (field === undefined) continue;
    if (name === '__proto__') return native(value); // an assignment would not make a field of it
    fields[name] = field;
  }
  return Object.freeze(fields);
}

function isBoxed(value: object): boolean {
  return value instanceof String || value instanceof Number || value instanceof Boolean;
}

/** What is rare, as JSON itself has it: it throws for a cycle or a BigInt. */
function native(value: unknown): Json | undefined {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : deepFreeze(JSON.parse(text) as Json); // JSON.parse yields nothing but Json
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

/** Whether `value` is nothing but JSON: no Date, Map, undefined, NaN or the like inside. Not for cycles. */
export function isPlainJson(value: unknown): value is Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isPlainJson);
  if (typeof value !== 'object') return false;
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  return isPlain && !('toJSON' in value) && Object.values(value).every(isPlainJson);
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

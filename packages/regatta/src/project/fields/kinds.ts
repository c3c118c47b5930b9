/** How plain values are written: texts, numbers, switches, names of other parts. */
import { describe, isNothing, type Pair, textOf, type Value } from '../value.ts';
import type { Kind, NameRef, ReadContext } from './field.ts';

/** PyYAML, which reads crewAI's files, takes these for switches. */
const TRUE = new Set(['true', 'yes', 'on']);
const FALSE = new Set(['false', 'no', 'off']);

/** Adds the problem that `value` is not `wanted`. */
export function wrong(
  { subject, findings }: ReadContext,
  value: Value,
  wanted: string,
  mend: string,
): undefined {
  findings.add(value.place, `${subject} must be ${wanted}, and is ${describe(value)}. ${mend}`);
}

export const text: Kind = {
  schema: { type: 'string' },
  read(value, context) {
    const found = textOf(value);
    if (found !== undefined && found.trim() !== '') return found;
    const isScalar = value.kind === 'scalar' && value.value !== null && found === undefined;
    return wrong(context, value, 'a text', isScalar ? 'Put it in quotes.' : 'Write one.');
  },
};

/** A text that may be blank. */
export const anyText: Kind = {
  schema: { type: 'string' },
  read: (value, context) => textOf(value) ?? text.read(value, context),
};

export const flag: Kind = {
  schema: { type: 'boolean' },
  read(value, context) {
    const found = value.kind === 'scalar' ? String(value.value).toLowerCase() : '';
    if (TRUE.has(found)) return true;
    if (FALSE.has(found)) return false;
    return wrong(context, value, 'true or false', 'Write one of them.');
  },
};

export function wholeNumber(min: number): Kind {
  return {
    schema: { type: 'integer', minimum: min },
    read(value, context) {
      const found = value.kind === 'scalar' ? value.value : undefined;
      if (typeof found === 'number' && Number.isSafeInteger(found) && found >= min) return found;
      return wrong(context, value, `a whole number of at least ${min}`, 'Correct it, or leave the key out.');
    },
  };
}

/** An amount of money: cents and less are amounts too. */
export const usd: Kind = {
  schema: { type: 'number', exclusiveMinimum: 0 },
  read(value, context) {
    const found = value.kind === 'scalar' ? value.value : undefined;
    if (typeof found === 'number' && found > 0 && Number.isFinite(found)) return found;
    return wrong(context, value, 'a number above 0', 'Correct it, or leave the key out.');
  },
};

/** Seconds in the file, as in crewAI; milliseconds in the option. */
export const seconds: Kind = {
  schema: { type: 'number', exclusiveMinimum: 0 },
  read(value, context) {
    const found = value.kind === 'scalar' ? value.value : undefined;
    if (typeof found === 'number' && found > 0 && Number.isFinite(found)) return Math.round(found * 1000);
    return wrong(context, value, 'a number of seconds above 0', 'Correct it, or leave the key out.');
  },
};

export function oneOf(names: readonly string[]): Kind {
  return {
    schema: { enum: names },
    read(value, context) {
      const found = textOf(value)?.toLowerCase() ?? '';
      if (names.includes(found)) return found;
      return wrong(context, value, `one of ${names.join(', ')}`, 'Write one of them.');
    },
  };
}

/** Whether `value` is one of the words for true and false. */
export function isFlag(value: Value): boolean {
  const word = value.kind === 'scalar' ? String(value.value).toLowerCase() : '';
  return TRUE.has(word) || FALSE.has(word);
}

/** A switch, or what `kind` takes. */
export function flagOr(kind: Kind): Kind {
  return {
    schema: { anyOf: [flag.schema, kind.schema] },
    read: (value, context) => (isFlag(value) ? flag : kind).read(value, context),
  };
}

/** A text alone, or a list of them. */
export const texts: Kind = {
  schema: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
  read(value, context) {
    const items = value.kind === 'list' ? value.items : [value];
    return readAll(items, (item) => text.read(item, context));
  },
};

/** Plain data under names. The names of `fields` are written in snake_case or camelCase. */
export function mapping(fields: Readonly<Record<string, Kind>>): Kind {
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(fields).map(([key, { schema }]) => [snakeCase(key), schema]),
      ),
      additionalProperties: false,
    },
    async read(value, context) {
      if (value.kind !== 'mapping') {
        return wrong(
          context,
          value,
          `a mapping of ${Object.keys(fields).map(snakeCase).join(', ')}`,
          'Write one.',
        );
      }
      const pairs = await Promise.all(value.entries.map((pair) => readPair(pair, fields, context)));
      return pairs.includes(undefined) ? undefined : Object.fromEntries(pairs.flatMap((pair) => pair ?? []));
    },
  };
}

async function readPair(
  { key, place, value }: Pair,
  fields: Readonly<Record<string, Kind>>,
  context: ReadContext,
): Promise<readonly (readonly [string, unknown])[] | undefined> {
  const name = Object.keys(fields).find((field) => field === key || snakeCase(field) === key);
  const kind = name === undefined ? undefined : fields[name];
  if (name === undefined || kind === undefined) {
    const known = Object.keys(fields).map(snakeCase).join(', ');
    context.findings.add(place, `${context.subject} has no "${key}". Write one of ${known}.`);
    return undefined;
  }
  if (isNothing(value)) return [];
  const read = await kind.read(value, { ...context, subject: `${key} in ${context.subject}` });
  return read === undefined ? undefined : [[name, read]];
}

/** The name of another part. */
export const name: Kind = {
  schema: { type: 'string' },
  read(value, context): NameRef | undefined {
    const found = textOf(value);
    if (found !== undefined && found.trim() !== '') return { name: found.trim(), value };
    return wrong(context, value, 'a name', 'Write the key under which it stands.');
  },
};

/** Names of other parts. */
export const names: Kind = {
  schema: { type: 'array', items: { type: 'string' } },
  read(value, context) {
    if (value.kind !== 'list')
      return wrong(context, value, 'a list of names', 'Write for example [research].');
    return readAll(value.items, (item) => name.read(item, context));
  },
};

/** All of `items` read; undefined when one of them was wrong. */
export async function readAll(
  items: readonly Value[],
  read: (item: Value) => unknown,
): Promise<readonly unknown[] | undefined> {
  const found = await Promise.all(items.map(read));
  return found.includes(undefined) ? undefined : found;
}

/** `maxIter` is `max_iter`. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

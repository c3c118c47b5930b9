/** What a file says, with the place of each part: what YAML and JSON have in common. */
import type { Json } from '../index.ts';
import type { Place } from './place.ts';

export interface Scalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly place: Place;
}

export interface List {
  readonly kind: 'list';
  readonly items: readonly Value[];
  readonly place: Place;
}

export interface Mapping {
  readonly kind: 'mapping';
  readonly entries: readonly Pair[];
  readonly place: Place;
}

export interface Pair {
  readonly key: string;
  /** Where the key stands. */
  readonly place: Place;
  readonly value: Value;
}

export type Value = Scalar | List | Mapping;

/** The value as plain data, without places. */
export function plainOf(value: Value): Json {
  switch (value.kind) {
    case 'scalar':
      return value.value;
    case 'list':
      return value.items.map(plainOf);
    case 'mapping':
      return Object.fromEntries(value.entries.map(({ key, value: inner }) => [key, plainOf(inner)]));
  }
}

/** As a message names it: `the text "soon"`, `a list`. */
export function describe(value: Value): string {
  if (value.kind === 'list') return 'a list';
  if (value.kind === 'mapping') return 'a mapping';
  if (value.value === null) return 'nothing';
  if (typeof value.value !== 'string') return String(value.value);
  const { value: text } = value;
  return `the text ${JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text)}`;
}

export function isNothing(value: Value): boolean {
  return value.kind === 'scalar' && value.value === null;
}

/** The text of a scalar that is one, without the line break that a folded text ends with. */
export function textOf(value: Value): string | undefined {
  if (value.kind !== 'scalar' || typeof value.value !== 'string') return undefined;
  return value.value.trimEnd();
}

/** What building agents, tasks and crews has in common: parts found by name, and refusals put at their places. */
import { isRegattaError } from '../index.ts';
import type { NameRef } from './fields/field.ts';
import type { Findings } from './findings.ts';
import { nameOf, type Part, type Reading } from './part.ts';
import type { Place } from './place.ts';
import { nearest } from './similar.ts';

export interface LookUp<T> {
  readonly kind: 'agent' | 'task';
  readonly known: ReadonlyMap<string, T>;
  /** With those that could not be made: they have their problem already. */
  readonly all: ReadonlyMap<string, unknown>;
  readonly findings: Findings;
}

/** The part that `ref` names; undefined after a problem. */
export function lookUp<T>(ref: unknown, { kind, known, all, findings }: LookUp<T>): T | undefined {
  if (ref === undefined) return undefined;
  const { name, value } = ref as NameRef; // the kind `name` gives it
  if (!all.has(name)) findings.add(value.place, unknownName(kind, name, [...all.keys()]));
  return known.get(name);
}

/** Two sentences on a name that means nothing. */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return `There is no ${kind} "${name}". ${near === undefined ? `Known are ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`}`;
}

/** Adds the problem that `option` is missing. */
export function need(part: Part, { options, isSound }: Reading, option: string, findings: Findings): void {
  if (option in options || !isSound) return; // a key that is there and wrong has its problem already
  const key = option === 'expectedOutput' ? 'expected_output' : option;
  findings.add(part.place, `${nameOf(part.owner, part.key)} has no ${key}. Write ${key}: below it.`);
}

/** What `create` gives; what it refuses becomes problems at their places. */
export function make<T>(
  create: () => T,
  findings: Findings,
  placeOf: (field: string) => Place | undefined,
): T | undefined {
  try {
    return create();
  } catch (error) {
    if (isRegattaError(error, 'definition/invalid')) {
      for (const { field, message } of error.details.problems) addAt(placeOf(field), message, findings);
      return undefined;
    }
    if (!isRegattaError(error)) throw error;
    addAt(placeOf('output'), error.message, findings);
    return undefined;
  }
}

function addAt(place: Place | undefined, message: string, findings: Findings): void {
  if (place === undefined) findings.addTo('crew', message);
  else findings.add(place, message);
}

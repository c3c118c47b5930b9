/** One agent, task or crew as its files write it: gathered from where its keys may stand, then read by the table. */
import type { CodeLoader } from './code.ts';
import { camelCase, type Owner, spellingsOf } from './fields/field.ts';
import { FIELDS, findField, meaningOf } from './fields/table.ts';
import type { Findings } from './findings.ts';
import type { Place } from './place.ts';
import { nearest } from './similar.ts';
import { isNothing, type Pair, type Value } from './value.ts';

export interface Part {
  readonly owner: Owner;
  /** Its key: what other parts call it. */
  readonly key: string;
  readonly place: Place;
  readonly pairs: readonly Pair[];
}

/** What a part says, as options of a class, and where it says it. */
export interface Reading {
  readonly options: Readonly<Record<string, unknown>>;
  /** `field` is an option, or a path in one, such as `tools[1]`. */
  readonly placeOf: (field: string) => Place;
  /** Whether nothing was wrong with it. */
  readonly isSound: boolean;
}

/** Keys below which crewAI lets the same keys stand once more. */
const NESTED: Readonly<Record<Owner, readonly string[]>> = {
  agent: ['config', 'settings'],
  task: ['config'],
  crew: [],
};

/** The part that `value` is; undefined after a problem. What stands in it wins over what is nested in it. */
export function toPart(
  { owner, key, place }: Omit<Part, 'pairs'>,
  value: Value,
  findings: Findings,
): Part | undefined {
  if (value.kind !== 'mapping') {
    findings.add(place, `${nameOf(owner, key)} must be a mapping of its keys. Indent them below it.`);
    return undefined;
  }
  const isNested = (pair: Pair): boolean => NESTED[owner].includes(pair.key) && pair.value.kind === 'mapping';
  const nested = value.entries
    .filter(isNested)
    .flatMap((pair) => (pair.value.kind === 'mapping' ? pair.value.entries : []));
  const own = value.entries.filter((pair) => !isNested(pair));
  return { owner, key, place, pairs: overlay(owner, nested, own) };
}

/** `base` with what `over` says in its place: also where it says it by another key. */
export function overlay(owner: Owner, base: readonly Pair[], over: readonly Pair[]): readonly Pair[] {
  const said = new Set(over.map(({ key }) => meaningOf(owner, key)));
  return [...base.filter(({ key }) => !said.has(meaningOf(owner, key))), ...over];
}

/** The options that `part` sets. */
export async function readPart(
  part: Part,
  { findings, code }: { readonly findings: Findings; readonly code: CodeLoader },
): Promise<Reading> {
  const { owner, key, pairs, place } = part;
  const before = findings.count;
  const options: Record<string, unknown> = {};
  const places = new Map<string, Place>();
  // One after another: modules are loaded in the order in which they are named.
  for (const pair of pairs) {
    const field = findField(owner, pair.key);
    if (field === undefined) findings.add(pair.place, unknownKey(part, pair.key));
    else if ('ignored' in field && !isPython(pair.value))
      findings.note(owner, pair.key, { place: pair.place, message: field.ignored });
    else if ('ignored' in field) {
      findings.add(
        pair.place,
        `${pair.key} of ${nameOf(owner, key)} names code in Python, which cannot be run here. Take it out, and write what it does in TypeScript.`,
      );
    } else if ('refused' in field) {
      if (!isOff(pair.value))
        findings.add(
          pair.place,
          `${pair.key} of ${nameOf(owner, key)} has no place in a file. ${field.refused}`,
        );
    } else if ('option' in field && !isNothing(pair.value)) {
      const subject = `${pair.key} of ${nameOf(owner, key)}`;
      const read = await field.kind.read(pair.value, { subject, findings, code });
      const isSwitch = typeof read === 'boolean';
      if (field.switchNote !== undefined && isSwitch) {
        if (read) findings.note(owner, pair.key, { place: pair.place, message: field.switchNote });
        continue;
      }
      // crewAI's `planning: true` beside `planning_config` says one thing: what it is, and that it is on.
      if (read === true && field.option in options) continue;
      if (places.has(field.option) && options[field.option] !== true)
        findings.add(pair.place, `${subject} says again what another key says. Take one of them out.`);
      else if (read !== undefined) options[field.option] = read;
      places.set(field.option, pair.place);
    }
  }
  const isSound = findings.count === before;
  return { options, placeOf: (field) => places.get(field.split(/[.[]/, 1)[0] ?? '') ?? place, isSound };
}

/** `agent "writer"` */
export function nameOf(owner: Owner, key: string): string {
  return owner === 'crew' ? 'the crew' : `${owner} "${key}"`;
}

/** A class of one's own has an effect, whatever the key. */
function isPython(value: Value): boolean {
  return value.kind === 'mapping' && value.entries.some(({ key }) => key === 'python');
}

/** What crewAI's files spell out as default: it asks for nothing. */
function isOff(value: Value): boolean {
  if (value.kind === 'scalar') return value.value === null || value.value === false;
  return value.kind === 'list' ? value.items.length === 0 : value.entries.length === 0;
}

function unknownKey({ owner, key }: Part, found: string): string {
  const isCamel = found === camelCase(found) && /[A-Z]/.test(found);
  const known = FIELDS[owner].flatMap((field) =>
    'ignored' in field || 'refused' in field
      ? []
      : spellingsOf(field).filter((name) => /[A-Z]/.test(name) === isCamel || !/[A-Z_]/.test(name)),
  );
  const near = nearest(found, known);
  const mend =
    near === undefined
      ? `Known keys are ${FIELDS[owner].flatMap((field) => ('ignored' in field || 'refused' in field ? [] : field.keys[0])).join(', ')}.`
      : `Did you mean "${near}"?`;
  return `${nameOf(owner, key)} has no key "${found}". ${mend}`;
}

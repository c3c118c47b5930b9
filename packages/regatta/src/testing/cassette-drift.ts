/** What differs between two requests, field by field, in words. */
import { isJsonObject, type Json } from '../base/json.ts';

export interface Difference {
  /** A path such as `messages[1].content`. */
  readonly field: string;
  /** As JSON, shortened to what differs; null = it is not there. */
  readonly recorded: string | null;
  readonly asked: string | null;
}

const MAX_DIFFERENCES = 10;
/** Characters shown before the first one that differs, and from it on. */
const BEFORE = 20;
const AFTER = 60;

/** At most ten, in the order of fields; empty where both are equal. */
export function differencesOf(recorded: Json, asked: Json): readonly Difference[] {
  const found: Difference[] = [];
  compare('', { recorded, asked }, found);
  return found.slice(0, MAX_DIFFERENCES);
}

/** Each on lines of its own. */
export function describeDifferences(differences: readonly Difference[]): string {
  const lines = differences.map(
    ({ field, recorded, asked }) =>
      `  ${field}\n    recorded: ${recorded ?? '(nothing)'}\n    asked:    ${asked ?? '(nothing)'}`,
  );
  return lines.join('\n');
}

interface Pair {
  readonly recorded: Json | undefined;
  readonly asked: Json | undefined;
}

function compare(field: string, { recorded, asked }: Pair, found: Difference[]): void {
  if (Array.isArray(recorded) && Array.isArray(asked)) {
    for (let index = 0; index < Math.max(recorded.length, asked.length); index++)
      compare(`${field}[${index}]`, { recorded: recorded[index], asked: asked[index] }, found);
  } else if (isJsonObject(recorded) && isJsonObject(asked)) {
    const names = new Set([...Object.keys(recorded), ...Object.keys(asked)]);
    for (const name of [...names].sort())
      compare(
        field === '' ? name : `${field}.${name}`,
        { recorded: recorded[name], asked: asked[name] },
        found,
      );
  } else if (recorded !== asked) {
    found.push({ field, ...excerpts(recorded, asked) });
  }
}

function excerpts(
  recorded: Json | undefined,
  asked: Json | undefined,
): Pick<Difference, 'recorded' | 'asked'> {
  const [one, other] = [textOf(recorded), textOf(asked)];
  if (one === null || other === null) return { recorded: one && cut(one, 0), asked: other && cut(other, 0) };
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  return { recorded: cut(one, same), asked: cut(other, same) };
}

function textOf(value: Json | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function cut(text: string, at: number): string {
  const start = Math.max(0, at - BEFORE);
  const end = at + AFTER;
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${text.length > end ? '…' : ''}`;
}

/** A row of the table of keys: what a key in a file is called, and what becomes of it. */
import type { JsonObject } from '../../index.ts';
import type { CodeLoader } from '../code.ts';
import type { Findings } from '../findings.ts';
import type { Value } from '../value.ts';

/** Whose keys they are. */
export type Owner = 'agent' | 'task' | 'crew';

/** How a value is written: shown to editors as JSON Schema, and read. */
export interface Kind {
  readonly schema: JsonObject;
  /** The option's value; `undefined` after a problem was added, or when there is nothing to set. */
  read(value: Value, context: ReadContext): unknown;
}

export interface ReadContext {
  /** As messages name it: `max_iter of agent "writer"`. */
  readonly subject: string;
  readonly findings: Findings;
  readonly code: CodeLoader;
}

interface Row {
  /** In files; the first is the one that we write. Each may also be written in camelCase. */
  readonly keys: readonly [string, ...string[]];
}

/** Becomes an option of `Agent`, `Task` or `Crew`. */
export interface TakenField extends Row {
  readonly option: string;
  readonly kind: Kind;
  /** What it is, for editors. */
  readonly doc: string;
  /** Where it goes, when it is no option of its own class. */
  readonly becomes?: string;
  /** Why a bare `true` has no effect: a note says it. A bare `false` sets nothing. */
  readonly switchNote?: string;
}

/** Is read by the loader itself. */
export interface OwnField extends Row {
  readonly isOwn: true;
  readonly schema: JsonObject;
  readonly doc: string;
}

/** A key of crewAI's without an effect here: a note says why. */
export interface IgnoredField extends Row {
  readonly ignored: string;
}

/** A key of crewAI's that means something, and cannot be taken from a file: a problem, with what to do. */
export interface RefusedField extends Row {
  readonly refused: string;
}

export type Field = TakenField | OwnField | IgnoredField | RefusedField;

/** A reference to another part of the project, to be looked up when all parts are known. */
export interface NameRef {
  readonly name: string;
  readonly value: Value;
}

/** `max_iter` is `maxIter`. */
export function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Every way in which the keys of `field` may be written. */
export function spellingsOf({ keys }: Row): readonly string[] {
  return [...new Set(keys.flatMap((key) => [key, camelCase(key)]))];
}

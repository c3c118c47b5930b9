/** The bug zoo as data: naive implementations of races that agent frameworks really had. */
import type { Patch } from './patch.ts';

/** A race of the catalogue, `R01` to `R72`. */
export type Race = `R${number}`;

/** One naive implementation, put into our source, and the test that must see it. */
export interface Mutant extends Patch {
  readonly race: Race;
  /** What the naive code does. */
  readonly title: string;
  /** From the root of the repository. */
  readonly test: string;
  /** Text in the test's full name. */
  readonly name: string;
}

/** Why a race has no mutant: a type, a check or a lint forbids it, or its part does not exist. */
export interface Exemption {
  readonly race: Race;
  readonly why: string;
  /** Code that would make it possible; the sources of the package hold none. */
  readonly forbids?: RegExp;
  /** Folders that `forbids` is about. @default all */
  readonly within?: readonly string[];
  /** Folders of the package that would need a mutant. They do not exist. */
  readonly absent?: readonly string[];
}

export interface Section {
  readonly title: string;
  /** What each race of this section is, in a few words. */
  readonly races: Readonly<Record<Race, string>>;
  readonly mutants: readonly Mutant[];
  readonly exemptions: readonly Exemption[];
}

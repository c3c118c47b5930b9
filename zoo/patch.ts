/** A change of one place in the package's source, made while the source is loaded. No file is written. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const root: string = join(import.meta.dirname, '..');
export const source: string = join(root, 'packages/regatta/src');

export interface Patch {
  /** Below `packages/regatta/src`. */
  readonly file: string;
  /** Exact text, which occurs once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** @throws Error unless what is to be replaced occurs exactly once. */
export function applyPatch(text: string, { file, find, replace }: Patch): string {
  const count = text.split(find).length - 1;
  if (count !== 1) {
    throw new Error(`"${find}" occurs ${count} times in ${file}, not once. Correct the patch.`);
  }
  return text.replace(find, () => replace); // a function: the text may hold `$`
}

/** Tells the runner that the patch was loaded: a mutant that was not says nothing. */
export function noteApplied(): void {
  const { ZOO_APPLIED } = process.env;
  if (ZOO_APPLIED) writeFileSync(ZOO_APPLIED, '');
}

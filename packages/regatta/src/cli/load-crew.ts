/**
 * Finds the crew that a module exports.
 *
 * A crew is known by its shape: the module may have got its class from another copy of this package.
 */
import { existsSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Crew, RegattaError } from '../index.ts';
import { badModule } from './bad-module.ts';

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cts', '.cjs'];

/**
 * Imports `file` and gives its crew: the export called `exportName`, else the default export, else
 * the only export that is a crew.
 *
 * @throws RegattaError `cli/file-not-found`, `cli/bad-module`, `cli/no-crew`, or `cli/bad-option` when
 * there are several.
 */
export async function loadCrew(file: string, exportName?: string): Promise<Crew> {
  const exported = await importFile(file);
  // Node names a CommonJS module's whole value twice.
  const names = Object.keys(exported)
    .filter((name) => name !== 'module.exports')
    .toSorted();
  if (exportName !== undefined) {
    const value = exported[exportName];
    if (isCrew(value)) return value;
    throw noCrew(file, names, `has no export "${exportName}" that is a crew`);
  }
  if (isCrew(exported.default)) return exported.default;
  const found = names.filter((name) => isCrew(exported[name]));
  const crews = new Set(found.map((name) => exported[name]).filter(isCrew));
  const [crew, ...others] = crews;
  if (crew === undefined) throw noCrew(file, names, 'exports no crew');
  if (others.length === 0) return crew;
  throw new RegattaError(
    'cli/bad-option',
    `${file} exports ${found.length} crews: ${found.join(', ')}. Choose one with --export NAME.`,
    { option: '--export', value: '' },
  );
}

/** Whether `value` has what is needed to run it. */
export function isCrew(value: unknown): value is Crew {
  if (typeof value !== 'object' || value === null) return false;
  const { tasks, agents, start } = value as Partial<Record<keyof Crew, unknown>>; // an object may be asked for any field
  return Array.isArray(tasks) && Array.isArray(agents) && typeof start === 'function';
}

async function importFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new RegattaError(
      'cli/file-not-found',
      `There is no file ${path}. Correct the path, or go to the folder that it starts from.`,
      { file: path },
    );
  }
  if (!statSync(path).isFile() || !EXTENSIONS.includes(extname(path))) {
    throw new RegattaError(
      'cli/bad-module',
      `${file} is not a module that can be imported. Give a .ts, .mts, .js or .mjs file that exports a crew.`,
      { file: path },
    );
  }
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>; // any module is one
  } catch (error) {
    throw badModule(path, error);
  }
}

function noCrew(file: string, names: readonly string[], problem: string): RegattaError {
  const list = names.length > 0 ? `Its exports are: ${names.join(', ')}.` : 'It exports nothing.';
  return new RegattaError(
    'cli/no-crew',
    `${file} ${problem}. Export one, as in: export const crew = new Crew({ agents, tasks }). ${list}`,
    { file: resolve(file), exports: names },
  );
}

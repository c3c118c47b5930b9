/** Finds a crew by its reference, on a thread that has never seen it. */
import { messageOf, RegattaError } from '../base/errors.ts';
import type { PlannedCrew } from '../crew/run-crew.ts';
import { threadData } from '../engines/threads/thread-data.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';

/**
 * Imports the module, once for each thread, and takes the export.
 *
 * @throws RegattaError `engine/crew-not-found` naming module and export.
 */
export async function loadCrew(ref: CrewRef): Promise<PlannedCrew> {
  const exports = await importModule(ref);
  const found = exports[ref.export];
  if (!isCrew(found)) {
    const names = Object.keys(exports);
    const what = found === undefined ? 'has no such export' : 'exports something else by that name';
    throw notFound(
      ref,
      `${what} (it exports ${names.length === 0 ? 'nothing' : names.join(', ')}). Correct the export or the module of the crew's ref.`,
    );
  }
  const version = found.ref?.version ?? '';
  if (version !== ref.version) {
    throw notFound(
      ref,
      `has version "${version}" of it, and version "${ref.version}" is asked for. Start the process again if the module has changed.`,
    );
  }
  return found;
}

async function importModule(ref: CrewRef): Promise<Readonly<Record<string, unknown>>> {
  const loading = threadData()?.loading;
  loading?.add(ref.module);
  try {
    const module = (await import(ref.module)) as Readonly<Record<string, unknown>>; // a module is an object of its exports
    const { default: whole } = module;
    const isCommonJs = !(ref.export in module) && typeof whole === 'object' && whole !== null;
    return isCommonJs ? (whole as Readonly<Record<string, unknown>>) : module; // it was found to be an object
  } catch (error) {
    throw notFound(
      ref,
      `cannot be loaded on a thread: ${messageOf(error)} Correct the module, or the crew's ref.`,
      error,
    );
  } finally {
    loading?.delete(ref.module);
  }
}

/** By its shape, so that a crew of another copy of this package is one too. */
function isCrew(value: unknown): value is PlannedCrew {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'agents' in value &&
    Array.isArray(value.agents) &&
    'tasks' in value &&
    Array.isArray(value.tasks) &&
    'plan' in value
  );
}

function notFound(ref: CrewRef, what: string, cause?: unknown): RegattaError {
  return new RegattaError(
    'engine/crew-not-found',
    `There is no crew "${ref.export}" in module "${ref.module}": it ${what}`,
    { module: ref.module, export: ref.export },
    cause === undefined ? {} : { cause },
  );
}

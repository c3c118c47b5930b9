/** `crewRef`: names a crew by where it is defined. */
import { Problems, show } from '../base/problems.ts';
import type { CrewRef } from '../protocol/crew-ref.ts';

export interface CrewRefOptions {
  /** What workers know it by. */
  readonly name: string;
  /** The module that defines it: `import.meta.url` there. */
  readonly module: string;
  /** Name of the export. @default 'crew' */
  readonly export?: string;
  /** Of the definition. @default '' */
  readonly version?: string;
}

/**
 * Names a crew so that other threads and machines can load it. Functions do not cross threads: the
 * worker imports the module and takes the export.
 *
 * @throws RegattaError `definition/invalid`
 * @example
 * export const crew = new Crew({ agents, tasks, ref: crewRef({ name: 'report', module: import.meta.url }) });
 */
export function crewRef({ name, module, export: exported = 'crew', version = '' }: CrewRefOptions): CrewRef {
  const problems = new Problems(`Crew reference ${show(name)}`);
  problems.text('name', name);
  problems.text('export', exported);
  if (!URL.canParse(module)) {
    problems.add(
      'module',
      module,
      `module must be a URL, got ${show(module)}. Give import.meta.url of the defining module.`,
    );
  }
  problems.throwIfAny();
  return Object.freeze({ name, module, export: exported, version });
}

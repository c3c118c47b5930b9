/** What a command was told to run: the crew of a module, or of a project's folder. */
import { existsSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type Crew, type Env, type Inputs, type LLM, RegattaError } from '../index.ts';
import { isProject, loadProject, noteText, readEnv } from '../project/index.ts';
import { loadCrew } from './load-crew.ts';

export interface Target {
  readonly crew: Crew;
  readonly name: string;
  /** Defaults of a project; none for a module. */
  readonly inputs: Inputs;
  /** Names of the inputs that the crew asks for. */
  readonly placeholders: readonly string[];
  /** The process's variables, over those of the folder's `.env`. */
  readonly env: Env;
  /** Lines to show before anything runs. */
  readonly notes: readonly string[];
  /** The model of `regatta chat`, where a project names one. */
  readonly chatLlm: string | LLM | undefined;
}

/** The module of a folder whose crew is written in code, as `regatta create crew NAME --ts` makes it. */
const CREW_MODULES = ['crew.ts', 'crew.mts', 'crew.js', 'crew.mjs'];

/**
 * Loads the crew of `path`: a project's folder or crew file, a module that exports one, or a folder with
 * such a module. `.env` is read of a folder, and not of a module that is named itself.
 *
 * @throws RegattaError `project/*`, or as `loadCrew`.
 */
export async function loadTarget(path: string, exportName?: string): Promise<Target> {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  if (!isProject(path)) {
    const module = isFolder ? CREW_MODULES.map((name) => join(path, name)).find(existsSync) : path;
    if (module !== undefined) {
      const env = isFolder ? { ...readEnv(path), ...process.env } : process.env;
      return { ...(await loadModule(module, exportName)), env };
    }
  }
  if (exportName !== undefined) {
    const message = `--export ${exportName} is for modules, and ${path} is a project. Leave it out, or give the module.`;
    throw new RegattaError('cli/bad-option', message, { option: '--export', value: exportName });
  }
  const { crew, inputs, placeholders, notes, folder, chatLlm } = await loadProject(path);
  return {
    crew,
    name: crew.name,
    inputs,
    placeholders,
    env: { ...readEnv(folder), ...process.env },
    notes: notes.map((note) => `note: ${noteText(note)}`),
    chatLlm,
  };
}

async function loadModule(path: string, exportName: string | undefined): Promise<Omit<Target, 'env'>> {
  const crew = await loadCrew(path, exportName);
  return {
    crew,
    // A crew that got no name of its own is called by its file.
    name: crew.name === 'crew' ? basename(path, extname(path)) : crew.name,
    inputs: {},
    placeholders: placeholdersOf(crew),
    notes: [],
    chatLlm: undefined,
  };
}

/** None for a crew of another copy of this package that plans in another way: its runs say what they lack. */
function placeholdersOf({ plan }: Partial<Pick<Crew, 'plan'>>): readonly string[] {
  return plan?.placeholders ?? [];
}

/** Where the files of a project are: in its folder, in `config`, or where crewAI's starter has them. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Findings } from './findings.ts';
import type { Source } from './place.ts';

export interface ProjectFiles {
  /** The project's folder, absolute. */
  readonly root: string;
  readonly crew: string | undefined;
  readonly agents: string | undefined;
  readonly tasks: string | undefined;
  /** A file for each agent, as in crewAI's JSON crews. */
  readonly agentFiles: readonly string[];
}

const CREW = ['crew.yaml', 'crew.yml', 'crew.jsonc', 'crew.json'];
const AGENTS = ['agents.yaml', 'agents.yml', 'agents.jsonc', 'agents.json'];
const TASKS = ['tasks.yaml', 'tasks.yml', 'tasks.jsonc', 'tasks.json'];
const DATA = /\.(ya?ml|jsonc?)$/;

/** Whether `path` is a crew file, or a folder that holds a project. */
export function isProject(path: string): boolean {
  if (!existsSync(path)) return false;
  if (!statSync(path).isDirectory()) return CREW.includes(basename(path));
  return [path, ...configFoldersOf(path)].some((folder) => namesIn(folder).some(isProjectFile));
}

function isProjectFile(name: string): boolean {
  return [...CREW, ...AGENTS, ...TASKS].includes(name);
}

/** Paths are absolute. Two files where one is expected are a problem. */
export function findFiles(path: string, findings: Findings): ProjectFiles {
  const isFile = statSync(path).isFile();
  const root = resolve(isFile ? dirname(path) : path);
  const folders = [root, ...configFoldersOf(root)];
  const only = (names: readonly string[], what: string): string | undefined => {
    const found = folders.flatMap((folder) => names.map((name) => join(folder, name)).filter(existsSync));
    const [first, second] = found;
    if (first !== undefined && second !== undefined) {
      findings.addTo(
        shown(root, second),
        `There is a second file of ${what}, beside ${shown(root, first)}. Keep one of them.`,
      );
    }
    return first;
  };
  const agentsFolder = folders
    .map((folder) => join(folder, 'agents'))
    .find((folder) => namesIn(folder).some((name) => DATA.test(name)));
  return {
    root,
    crew: isFile ? resolve(path) : only(CREW, 'the crew'),
    agents: only(AGENTS, 'agents'),
    tasks: only(TASKS, 'tasks'),
    agentFiles:
      agentsFolder === undefined
        ? []
        : namesIn(agentsFolder)
            .filter((name) => DATA.test(name))
            .toSorted()
            .map((name) => join(agentsFolder, name)),
  };
}

export function readSource(root: string, path: string): Source {
  return {
    file: shown(root, path),
    text: readFileSync(path, 'utf8')
      .replace(/^\ufeff/, '')
      .replaceAll('\r\n', '\n'),
  };
}

/** `config`, and `src/PACKAGE/config` as crewAI's starter has it. */
function configFoldersOf(root: string): readonly string[] {
  const packages = namesIn(join(root, 'src')).map((name) => join(root, 'src', name));
  return [root, ...packages]
    .map((folder) => join(folder, 'config'))
    .filter((folder) => namesIn(folder).some(isProjectFile));
}

/** None for what is not a folder. */
function namesIn(folder: string): readonly string[] {
  return existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
}

function shown(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

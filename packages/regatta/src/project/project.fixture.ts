/** Projects for tests: files in a folder of their own, which is gone when the test file is done. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { RegattaError } from '../index.ts';
import { loadProject } from './load-project.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Texts by path; gives the folder. */
export function writeProject(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'regatta-project-')));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

export const AGENTS = `writer:
  role: Writer
  goal: Write
  backstory: ''
`;
export const TASKS = `note:
  description: Note {topic}
  expected_output: A note
  agent: writer
`;

/** A module of a tool, without an import: a tool is known by its shape. */
export function toolModule(name: string, exportName = 'tool'): string {
  return `export const ${exportName} = {
  name: '${name}', description: 'A tool', inputSchema: { type: 'object', properties: {} }, timeoutMs: 1000,
  maxUses: undefined, parse: async (value) => ({ isValid: true, value }), execute: () => '${name} was used',
};
`;
}

/** What is wrong with a project, as `file:line:column message`. */
export async function problemsOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const error = await errorOf(writeProject(files));
  const { problems } = error.details as RegattaError<'project/invalid'>['details']; // as just checked
  return problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
}

export async function errorOf(folder: string): Promise<RegattaError<'project/invalid'>> {
  const error = await loadProject(folder).catch((thrown: unknown) => thrown);
  if (error instanceof RegattaError && error.code === 'project/invalid') return error;
  throw new Error(
    `Expected project/invalid, got ${error instanceof Error ? error.stack : JSON.stringify(error)}.`,
  );
}

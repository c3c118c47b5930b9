/** Writes new files, and nothing over an old one. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RegattaError } from '../../index.ts';

/** Texts by path, relative to the folder that they go into. */
export type NewFiles = Readonly<Record<string, string>>;

/**
 * Writes all of `files` into `folder`, or none when one of them is there already.
 *
 * @throws RegattaError `cli/file-exists`.
 */
export function writeFiles(folder: string, files: NewFiles): readonly string[] {
  const paths = Object.keys(files);
  const there = paths.find((path) => existsSync(join(folder, path)));
  if (there !== undefined) throw fileExists(join(folder, there));
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' }); // also refuses what came in the meantime
  }
  return paths;
}

export function fileExists(file: string): RegattaError {
  const message = `${file} is there already, and is not written over. Choose another name, or take it away.`;
  return new RegattaError('cli/file-exists', message, { file });
}

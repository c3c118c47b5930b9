/** Writes a file at once or not at all: whoever reads it meanwhile gets the old text or the new one. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError } from '../ports/tool-error.ts';
import { type ConfinedFolder, inWords, type OpenFolder, outside, partsOf } from './confined-folder.ts';

export interface Writing {
  readonly path: string;
  readonly content: string;
  readonly maxBytes: number;
}

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** @throws RegattaError `tool/confined`; ToolError `too-large`, `not-a-file`, `not-a-folder`. */
export async function writeText(
  folder: ConfinedFolder,
  { path, content, maxBytes }: Writing,
): Promise<string> {
  const bytes = Buffer.byteLength(content);
  if (bytes > maxBytes) {
    throw new ToolError(
      `The text has ${bytes} bytes, and ${maxBytes} may be written. Write less, or several files.`,
      {
        code: 'too-large',
      },
    );
  }
  const parts = partsOf(path);
  const name = parts.at(-1);
  if (parts.some((part) => folder.hides(part))) throw outside(path);
  if (name === undefined) throw new ToolError('The root is a folder. Name a file.', { code: 'not-a-file' });
  await using parent = await openParent(folder, parts.slice(0, -1));
  const target = join(parent.base, name);
  const draft = join(parent.base, `.${randomUUID()}.tmp`);
  try {
    const old = await lstat(target).catch(() => undefined); // there is none, or the rename says why not
    if (old?.isDirectory())
      throw new ToolError(`"${path}" is a folder. Name a file.`, { code: 'not-a-file' });
    const handle = await open(draft, NEW);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (old?.isFile()) await chmod(draft, old.mode & 0o7777);
    await rename(draft, target); // takes the place of a link, and does not follow it
  } catch (error) {
    await rm(draft, { force: true });
    throw inWords(error, path);
  }
  return `Wrote ${bytes} bytes to ${parts.join('/')}.`;
}

/** Opens the folder, and makes those of its parents that are not there, each inside of one that was checked. */
async function openParent(folder: ConfinedFolder, parts: readonly string[]): Promise<OpenFolder> {
  try {
    return await folder.openFolder(parts.join('/'));
  } catch (error) {
    const name = parts.at(-1);
    if (name === undefined || !(error instanceof ToolError) || error.code !== 'not-found') throw error;
    await using parent = await openParent(folder, parts.slice(0, -1));
    await mkdir(join(parent.base, name), { recursive: true });
  }
  return await folder.openFolder(parts.join('/'));
}

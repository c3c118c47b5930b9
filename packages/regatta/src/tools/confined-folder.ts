/**
 * Files inside one folder, and no others: what tools that touch files are confined to.
 *
 * A path is relative, without `..`, and what it leads to lies inside, also through links. That is checked
 * once more on what was opened, since a link may change between the check and the opening: the handle is
 * asked where it is, and what lies outside is closed unread. Where a system cannot say (all but Linux),
 * the file of the handle is compared with the one at the checked path.
 */
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { isAbsolute, join, relative, sep, win32 } from 'node:path';
import { RegattaError } from '../base/errors.ts';
import { ToolError } from '../ports/tool-error.ts';

/** What is used of `node:fs/promises`. */
export type Files = Pick<typeof fs, 'realpath' | 'open' | 'readlink' | 'stat'>;

/** A folder that stays the same one although its path may be changed. Close it. */
export interface OpenFolder extends AsyncDisposable {
  /** For calls of `fs`, with a name behind it. */
  readonly base: string;
}

export interface ConfinedFolder {
  /** Whether a name in it is passed over, as if it were not there. */
  hides(name: string): boolean;
  /** Opens a file for reading. @throws RegattaError `tool/confined`; ToolError `not-found`, `not-a-file`. */
  openFile(path: string): Promise<fs.FileHandle>;
  /** `''` and `.` are the root. @throws RegattaError `tool/confined`; ToolError `not-found`, `not-a-folder`. */
  openFolder(path: string): Promise<OpenFolder>;
}

// A pipe that nobody writes into must not hold up who opens it.
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const FOLDER = READ | (constants.O_DIRECTORY ?? 0);

export interface ConfineOptions {
  /** Whether what has a name that begins with a dot, such as `.env`, may be used; links to it count as it. @default true */
  readonly hidden?: boolean;
}

/** Nothing is read until something is opened. */
export function confineToFolder(
  root: string,
  files: Files = fs,
  { hidden = true }: ConfineOptions = {},
): ConfinedFolder {
  const hides = (name: string): boolean => !hidden && name.startsWith('.');
  const isOpen = (real: string | null, realRoot: string): boolean =>
    real !== null && isInside(real, realRoot) && !relative(realRoot, real).split(sep).some(hides);
  const open = async (path: string, flags: number): Promise<fs.FileHandle> => {
    const parts = partsOf(path);
    try {
      const realRoot = await files.realpath(root);
      const real = await files.realpath(join(realRoot, ...parts));
      if (!isOpen(real, realRoot)) throw outside(path);
      const handle = await files.open(real, flags);
      try {
        if (!isOpen(await placeOf(handle, real, files), realRoot)) throw outside(path);
        return handle;
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      throw inWords(error, path);
    }
  };
  return Object.freeze<ConfinedFolder>({
    hides,
    async openFile(path) {
      const handle = await open(path, READ);
      if ((await handle.stat()).isFile()) return handle;
      await handle.close();
      throw new ToolError(`"${path}" is not a file. Name a file; a folder can be listed.`, {
        code: 'not-a-file',
      });
    },
    async openFolder(path) {
      const handle = await open(path, FOLDER);
      return { base: await baseOf(handle, files, root, path), [Symbol.asyncDispose]: () => handle.close() };
    },
  });
}

/** The names in a path that a model wrote. @throws RegattaError `tool/confined`. */
export function partsOf(path: string): readonly string[] {
  const parts = path.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  const isOdd = path.includes('\0') || (process.platform === 'win32' && path.includes(':'));
  if (isAbsolute(path) || win32.isAbsolute(path) || parts.includes('..') || isOdd) throw outside(path);
  return parts;
}

function isInside(real: string, realRoot: string): boolean {
  return real === realRoot || real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep);
}

/** Where what was opened is; null where that is not `real` any more. */
async function placeOf(handle: fs.FileHandle, real: string, files: Files): Promise<string | null> {
  const place = await linkOf(handle, files);
  if (place !== null) return place;
  const opened = await handle.stat({ bigint: true });
  const there = await files.stat(real, { bigint: true });
  const isSame =
    opened.dev === there.dev && opened.ino === there.ino && (await files.realpath(real)) === real;
  return isSame ? real : null;
}

/** What Linux says of a handle; null elsewhere. */
async function linkOf({ fd }: fs.FileHandle, files: Files): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  try {
    return await files.readlink(`/proc/self/fd/${fd}`);
  } catch {
    return null; // no /proc here: then files are compared
  }
}

/** Names behind it are looked up in the folder that was opened, not in what its path leads to by now. */
async function baseOf(handle: fs.FileHandle, files: Files, root: string, path: string): Promise<string> {
  if ((await linkOf(handle, files)) !== null) return `/proc/self/fd/${handle.fd}`;
  return await files.realpath(join(await files.realpath(root), ...partsOf(path)));
}

/** What a path is answered with that leads to where it must not. */
export function outside(path: string): RegattaError {
  return new RegattaError(
    'tool/confined',
    `"${path}" is outside of what this tool may use of its folder. Give a path relative to it, without "..", and no link that leaves it.`,
    { to: 'folder', value: path },
  );
}

/** Codes of the system, as a sentence. */
export function inWords(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof RegattaError) return error;
  const say = (text: string, code: string) => new ToolError(text, { code, cause: error });
  switch (error.code) {
    case 'ENOENT':
      return say(`There is no "${path}". List the folder to see what there is.`, 'not-found');
    case 'ENOTDIR':
      return say(`"${path}" is not a folder, or goes through a file. Name a folder.`, 'not-a-folder');
    case 'EISDIR':
      return say(`"${path}" is a folder. Name a file.`, 'not-a-file');
    case 'EACCES':
    case 'EPERM':
      return say(`"${path}" may not be used by this process. Take another.`, 'no-permission');
    case 'ELOOP':
      return outside(path); // it became a link after it was checked, or is a circle of links
    default:
      return error;
  }
}

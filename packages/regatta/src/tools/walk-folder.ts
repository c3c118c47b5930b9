/** All that lies below a folder, in the order of names. Links are named and not followed. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfinedFolder } from './confined-folder.ts';

export interface Entry {
  /** From the root, with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Of a file. */
  readonly bytes: number;
}

export interface Walk {
  readonly path: string;
  /** Levels of folders; 1 is the folder itself. */
  readonly depth: number;
  /** Names that are left out. */
  readonly ignore: readonly string[];
}

/** @throws RegattaError `tool/confined`; ToolError `not-found`, `not-a-folder`. */
export async function* walkFolder(
  folder: ConfinedFolder,
  { path, depth, ignore }: Walk,
): AsyncGenerator<Entry> {
  const folders: string[] = [];
  {
    await using open = await folder.openFolder(path);
    for (const name of (await readdir(open.base)).sort()) {
      if (ignore.includes(name) || folder.hides(name)) continue;
      const stats = await lstat(join(open.base, name)).catch(() => undefined); // gone since
      if (stats === undefined) continue;
      const inner = [...path.split('/').filter((part) => part !== '' && part !== '.'), name].join('/');
      const kind = stats.isFile()
        ? 'file'
        : stats.isDirectory()
          ? 'folder'
          : stats.isSymbolicLink()
            ? 'link'
            : 'other';
      yield { path: inner, kind, bytes: stats.size };
      if (kind === 'folder' && depth > 1) folders.push(inner);
    }
  }
  for (const inner of folders) yield* walkFolder(folder, { path: inner, depth: depth - 1, ignore });
}

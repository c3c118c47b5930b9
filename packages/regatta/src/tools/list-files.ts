/** A folder as lines of text. */
import type { ConfinedFolder } from './confined-folder.ts';
import { type Entry, type Walk, walkFolder } from './walk-folder.ts';

export interface Listing extends Walk {
  readonly maxEntries: number;
  readonly signal: AbortSignal;
}

const MARKS = { file: '', folder: '/', link: '@', other: '?' } as const;

/** @throws RegattaError `tool/confined`; ToolError `not-found`, `not-a-folder`. */
export async function listFiles(
  folder: ConfinedFolder,
  { maxEntries, signal, ...walk }: Listing,
): Promise<string> {
  const lines: string[] = [];
  for await (const entry of walkFolder(folder, walk)) {
    signal.throwIfAborted();
    if (lines.length === maxEntries) {
      lines.push(`[Cut after ${maxEntries} entries. List a folder further down, or fewer levels.]`);
      break;
    }
    lines.push(lineOf(entry));
  }
  return lines.length === 0 ? '[The folder is empty.]' : lines.join('\n');
}

function lineOf({ path, kind, bytes }: Entry): string {
  return `${path}${MARKS[kind]}${kind === 'file' ? ` (${bytes} bytes)` : ''}`;
}

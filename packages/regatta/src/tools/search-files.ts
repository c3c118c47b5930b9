/** Lines of text files that hold a text or match a regular expression. */
import { messageOf } from '../base/errors.ts';
import { ToolError } from '../ports/tool-error.ts';
import { type ConfinedFolder, confineToFolder } from './confined-folder.ts';
import { walkFolder } from './walk-folder.ts';

export interface Search {
  readonly query: string;
  readonly isRegex?: boolean;
  readonly isCaseSensitive?: boolean;
  readonly path: string;
  readonly suffix?: string;
}

export interface SearchOptions extends Search {
  readonly root: string;
  readonly maxMatches: number;
  readonly maxSearchBytes: number;
  readonly ignore: readonly string[];
  readonly hidden: boolean;
}

const MAX_DEPTH = 32;
const MAX_LINE_CHARS = 300;

/** @throws RegattaError `tool/confined`; ToolError `bad-regex`, `not-found`, `not-a-folder`. */
export async function searchFiles(options: SearchOptions): Promise<string> {
  const { root, path, suffix = '', maxMatches, maxSearchBytes, ignore, hidden } = options;
  const folder = confineToFolder(root, undefined, { hidden });
  const pattern = patternOf(options);
  const lines: string[] = [];
  const skipped = { large: 0 };
  for await (const entry of walkFolder(folder, { path, depth: MAX_DEPTH, ignore })) {
    if (entry.kind !== 'file' || !entry.path.endsWith(suffix)) continue;
    if (entry.bytes > maxSearchBytes) {
      skipped.large++;
      continue;
    }
    const text = await textOf(folder, entry.path, maxSearchBytes);
    for (const [index, line] of (text ?? '').split('\n').entries()) {
      if (!pattern.test(line)) continue;
      if (lines.length === maxMatches) {
        lines.push(`[Cut after ${maxMatches} lines. Ask for less: a longer query, a folder, a suffix.]`);
        return lines.join('\n');
      }
      const shown = line.length > MAX_LINE_CHARS ? `${line.slice(0, MAX_LINE_CHARS)}…` : line;
      lines.push(`${entry.path}:${index + 1}: ${shown.trimEnd()}`);
    }
  }
  if (lines.length === 0) lines.push('[No line was found.]');
  if (skipped.large > 0)
    lines.push(`[${skipped.large} files were not searched: they have more than ${maxSearchBytes} bytes.]`);
  return lines.join('\n');
}

function patternOf({ query, isRegex = false, isCaseSensitive = false }: Search): RegExp {
  const source = isRegex ? query : query.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  try {
    return new RegExp(source, isCaseSensitive ? '' : 'i');
  } catch (error) {
    throw new ToolError(`${messageOf(error)}. Correct it, or search for a plain text.`, {
      code: 'bad-regex',
    });
  }
}

/** Undefined for what is not text, may not be read, or went while it was looked for. */
async function textOf(folder: ConfinedFolder, path: string, maxBytes: number): Promise<string | undefined> {
  try {
    const handle = await folder.openFile(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxBytes), 0, maxBytes);
      const bytes = buffer.subarray(0, bytesRead);
      return bytes.includes(0) ? undefined : bytes.toString();
    } finally {
      await handle.close();
    }
  } catch {
    return undefined; // a search gives what can be found; a file that is named is read by another tool, which says why not
  }
}

/** Tools for the files of one folder: read, list, search and, where it is said, write. */
import { Problems } from '../base/problems.ts';
import type { Tool } from '../ports/tool.ts';
import { callThread } from './call-thread.ts';
import { confineToFolder } from './confined-folder.ts';
import { listFiles } from './list-files.ts';
import { makeTool } from './make-tool.ts';
import { readText } from './read-file.ts';
import type { Search, SearchOptions } from './search-files.ts';
import { writeText } from './write-file.ts';

export interface FileToolsOptions {
  /** The folder; nothing outside of it is read or written. Relative to the working directory. */
  readonly root: string;
  /** Whether there is a tool that writes. @default false */
  readonly write?: boolean;
  /** Bytes of text that are read or written at once. @default 262144 */
  readonly maxBytes?: number;
  /** Entries of one list. @default 1000 */
  readonly maxEntries?: number;
  /** Lines that one search gives. @default 200 */
  readonly maxMatches?: number;
  /** Bytes of the largest file that is searched. @default 2097152 */
  readonly maxSearchBytes?: number;
  /** Names that lists and searches leave out. @default ['.git', 'node_modules'] */
  readonly ignore?: readonly string[];
  /** Whether files and folders whose name begins with a dot, such as `.env`, may be read and written. @default true */
  readonly hidden?: boolean;
  /** Milliseconds for one use. @default 10000 */
  readonly timeoutMs?: number;
}

const MAX_BYTES = 262_144;
const MAX_ENTRIES = 1000;
const MAX_MATCHES = 200;
const MAX_SEARCH_BYTES = 2_097_152;
const TIMEOUT_MS = 10_000;
const IGNORE = Object.freeze(['.git', 'node_modules']);
const SEARCH_HEAP_MB = 128;

const path = { type: 'string', description: 'Relative to the root, with "/" between names.' };

/**
 * `read_file`, `list_files`, `search_files`, and with `write` also `write_file`.
 *
 * @throws RegattaError `definition/invalid`.
 * @example
 * const editor = new Agent({ role: 'Editor', goal: 'Keep the notes tidy', tools: fileTools({ root: 'notes', write: true }) });
 */
export function fileTools({
  root,
  write = false,
  maxBytes = MAX_BYTES,
  maxEntries = MAX_ENTRIES,
  maxMatches = MAX_MATCHES,
  maxSearchBytes = MAX_SEARCH_BYTES,
  ignore = IGNORE,
  hidden = true,
  timeoutMs = TIMEOUT_MS,
}: FileToolsOptions): readonly Tool[] {
  const problems = new Problems('The file tools');
  problems.text('root', root);
  for (const [field, value] of Object.entries({ maxBytes, maxEntries, maxMatches, maxSearchBytes })) {
    problems.integer(field, value, 1);
  }
  problems.duration('timeoutMs', timeoutMs);
  problems.throwIfAny();
  const folder = confineToFolder(root, undefined, { hidden });
  const read = makeTool<{ path: string; startLine?: number; endLine?: number }>({
    name: 'read_file',
    description: 'Reads a text file, or some lines of it.',
    properties: {
      path,
      startLine: { type: 'integer', minimum: 1, description: 'From 1. Left out: the first.' },
      endLine: { type: 'integer', minimum: 1, description: 'Included. Left out: the last that fits.' },
    },
    required: ['path'],
    timeoutMs,
    execute: (args, { signal }) => readText(folder, { ...args, maxBytes, signal }),
  });
  const list = makeTool<{ path?: string; depth?: number }>({
    name: 'list_files',
    description: 'Lists a folder: names and sizes of files; folders end in "/", links in "@".',
    properties: {
      path: { ...path, description: `${path.description} Left out: the root.` },
      depth: { type: 'integer', minimum: 1, maximum: 32, description: 'Levels of folders. Left out: 1.' },
    },
    required: [],
    timeoutMs,
    execute: ({ path: at = '', depth = 1 }, { signal }) =>
      listFiles(folder, { path: at, depth, maxEntries, ignore, signal }),
  });
  const search = makeTool<Omit<Search, 'path'> & { path?: string }>({
    name: 'search_files',
    description: 'Finds lines of text files. Gives "path:line: text" for each.',
    properties: {
      query: { type: 'string', minLength: 1, description: 'A text, or a regular expression of JavaScript.' },
      isRegex: { type: 'boolean', description: 'Whether the query is a regular expression. Left out: no.' },
      isCaseSensitive: { type: 'boolean', description: 'Left out: no.' },
      path: { ...path, description: 'The folder to search in. Left out: the root.' },
      suffix: { type: 'string', description: 'Only files whose name ends so, such as ".md".' },
    },
    required: ['query'],
    timeoutMs,
    // A regular expression may take for ever, and nothing but the end of its thread stops it.
    execute: ({ path: at = '', ...rest }, { signal }) => {
      const data: SearchOptions = {
        root,
        path: at,
        ...rest,
        maxMatches,
        maxSearchBytes,
        ignore: [...ignore],
        hidden,
      };
      return callThread<string>({
        module: './search-thread',
        from: import.meta.url,
        data,
        signal,
        maxHeapMb: SEARCH_HEAP_MB,
      });
    },
  });
  if (!write) return Object.freeze([read, list, search]);
  const writing = makeTool<{ path: string; content: string }>({
    name: 'write_file',
    description: 'Writes a text file: a new one, or in place of the one that is there. Makes its folders.',
    properties: { path, content: { type: 'string', description: 'All of the text.' } },
    required: ['path', 'content'],
    timeoutMs,
    sideEffect: true,
    execute: (args) => writeText(folder, { ...args, maxBytes }),
  });
  return Object.freeze([read, list, search, writing]);
}

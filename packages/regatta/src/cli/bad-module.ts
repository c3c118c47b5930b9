/** Says why a user's module could not be imported: what, where, and what to do. */
import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRegattaError, RegattaError } from '../index.ts';

/** Where this package's own files are: no place to look for a user's mistake. */
const OWN_FOLDER = fileURLToPath(new URL('..', import.meta.url));
/** Node puts the place of what it could not parse on a line before the message. */
const PARSE_PLACE = /^(file:.+|\/.+|[A-Za-z]:[\\/].+):(\d+)$/m;
const FRAME = /^ {4}at (?:.*\(|async )?((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*):(\d+):\d+\)?$/gm;

/** @returns `cli/bad-module` with the cause's message and place. `path` is the file that was imported. */
export function badModule(path: string, cause: unknown): RegattaError {
  const place = placeOf(cause) ?? syntaxPlace(path, cause);
  const where = place === undefined ? '' : ` (${place})`;
  const message = `${shown(path)} cannot be loaded${where}: ${messageOf(cause)}${mendOf(cause)}`;
  return new RegattaError('cli/bad-module', message, { file: path }, { cause });
}

/** One line and a blank; all lines of an error of ours, which lists the problems. */
function messageOf(cause: unknown): string {
  if (isRegattaError(cause)) return `${cause.code}: ${cause.message}\n`;
  const text = cause instanceof Error ? cause.message : String(cause);
  const line = (text.split('\n', 1)[0] ?? '').trim();
  const named = cause instanceof Error && cause.name !== 'Error' ? `${cause.name}: ${line}` : line;
  return /[.!?]$/.test(named) ? `${named} ` : `${named}. `;
}

function mendOf(cause: unknown): string {
  switch (codeOf(cause)) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return 'Node only strips types: use no enum, no namespace with values and no parameter property, or compile the file to JavaScript first.';
    case 'ERR_MODULE_NOT_FOUND':
      return cause instanceof Error && cause.message.startsWith('Cannot find package')
        ? 'Install the package in the project of the file, or correct the import.'
        : 'Correct the import; imports of TypeScript files end with .ts.';
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return 'Node strips no types below node_modules: give JavaScript there.';
    default:
      return 'Correct the file, and try again.';
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

/** Where it was thrown: the innermost place that is in the user's files. */
function placeOf(cause: unknown): string | undefined {
  const stack = cause instanceof Error ? (cause.stack ?? '') : '';
  const [head = ''] = stack.split('\n    at ', 1);
  const places = [PARSE_PLACE.exec(head), ...stack.matchAll(FRAME)];
  for (const [, location = '', line] of places.filter((place) => place !== null)) {
    const path = location.startsWith('file:') ? fileURLToPath(location) : location;
    const isOwn = path.startsWith(OWN_FOLDER) && !path.includes('.fixture.');
    if (!isOwn && !/[\\/]node_modules[\\/]/.test(path)) return `${shown(path)}:${line}`;
  }
  return undefined;
}

/** Node keeps the place of a syntax error in JavaScript to itself, but says it when it checks the file. */
function syntaxPlace(path: string, cause: unknown): string | undefined {
  if (!(cause instanceof SyntaxError)) return undefined;
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' });
  const line = /^.*:(\d+)$/m.exec(stderr)?.[1];
  return line === undefined ? undefined : `${shown(path)}:${line}`;
}

/** As a person would write it: from the current folder, if it is in there. */
function shown(path: string): string {
  const short = relative('', path);
  return short.startsWith('..') ? path : short;
}

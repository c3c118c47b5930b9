// Reads TypeScript sources for the checks: which files there are, and their code without what only looks like code.

import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Files that support tests: they are not published, and most rules of the sources do not bind them. */
export function isTestFile(path: string): boolean {
  return /\.(test|test-d|fixture)\.ts$/.test(path);
}

/** The TypeScript files below `root`, relative to it, with `/`, sorted. */
export function listSources(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !/(^|\/)(node_modules|dist)\//.test(path))
    .sort();
}

const comment = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/;
const string = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/;
const template = /`(?:\\[\s\S]|[^`\\])*`/;
const regex = /(?<=[(,=:[!&|?{};]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//;
const token = new RegExp([comment, string, template, regex].map((part) => part.source).join('|'), 'g');

/** The text with comments, templates and regular expressions blanked. Strings and line numbers stay. */
export function codeOf(text: string): string {
  return text.replace(token, (match) => (/^['"]/.test(match) ? match : match.replace(/[^\n]/g, ' ')));
}

// Joins the built files of the library into few: what a program imports is read in one file instead of two
// hundred, which is most of what an import costs. Types stay as they are. The command line and the reader of
// projects stay in files of their own: they are loaded by those who use them, and see the public names alone.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../packages/regatta/', import.meta.url));
const dist = join(root, 'dist');
/** One level below `dist`, as the sources are: so `../hosts/…` in one of them means the same in a bundle. */
const LIB = 'lib';
const KEPT = ['cli', 'project'];

/** Files that others open by their name, relative to `dist`: what the package exports, and threads. */
function entriesOf(): readonly string[] {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>; // as we write it
  };
  const exported = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [] : [relative(dist, join(root, target.default))],
  );
  const threads = builtFiles().filter(
    (file) => /(^|-)thread(-worker)?\.js$/.test(basename(file)) && isThread(file),
  );
  return [...new Set([...exported, ...threads])].filter((file) => !isKept(file));
}

/** A module of that name that nobody starts is no entry: threads export nothing. */
function isThread(file: string): boolean {
  return !/^export (?!\{\};)/m.test(readFileSync(join(dist, file), 'utf8'));
}

function builtFiles(): readonly string[] {
  return readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
}

function isKept(file: string): boolean {
  return KEPT.includes(file.split(/[\\/]/, 1)[0] ?? '');
}

/** `hosts/dbos/index.js` → `hosts-dbos`; a thread keeps its own name, by which it is opened. */
function nameOf(file: string): string {
  const name = file.replace(/\.js$/, '');
  if (name === 'index') return name;
  return name.endsWith('/index') ? dirname(name).replaceAll('/', '-') : basename(name);
}

const entries = entriesOf();
const input = Object.fromEntries(entries.map((file) => [nameOf(file), join(dist, file)]));
if (Object.keys(input).length !== entries.length)
  throw new Error(`Two of these have one name: ${entries.join(', ')}`);
const bundle = await rolldown({
  input,
  platform: 'node',
  external: (specifier) => !specifier.startsWith('.') && !isAbsolute(specifier),
});
await bundle.write({
  dir: join(dist, LIB),
  format: 'esm',
  sourcemap: true,
  comments: { jsdoc: false }, // they stand in the types, and every import would read them
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
for (const file of builtFiles()) {
  if (isKept(file) || file.startsWith(LIB)) continue;
  rmSync(join(dist, file));
  rmSync(join(dist, `${file}.map`), { force: true });
}
for (const file of entries) {
  const target = relative(dirname(file), join(LIB, `${nameOf(file)}.js`)).replaceAll('\\', '/');
  const path = target.startsWith('.') ? target : `./${target}`;
  writeFileSync(join(dist, file), `export * from '${path}';\n`);
}

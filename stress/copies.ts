/**
 * The package as it may come into one process more than once: installed twice, bundled into an application,
 * and loaded anew by a development server.
 *
 * It is compiled from the sources of this moment, so no build is needed and none is trusted.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules', name);

export interface Copies {
  /** URLs of the main module of each copy. */
  readonly one: string;
  readonly two: string;
  /** One file, with all of the package in it: another query string makes it another copy. */
  readonly bundle: string;
  /** A folder in which `require('regatta')` finds the first copy. */
  readonly folder: string;
}

export function makeCopies(): Copies & Disposable {
  const temp = mkdtempSync(join(tmpdir(), 'regatta-copies-'));
  symlinkSync(join(root, 'node_modules'), join(temp, 'node_modules'));
  const [one, two] = ['one', 'two'].map((name) => join(temp, name, 'node_modules', 'regatta'));
  if (one === undefined || two === undefined) throw new Error('There are two names.');
  const sources = join(root, 'packages', 'regatta');
  const project = join(sources, 'tsconfig.build.json');
  mkdirSync(one, { recursive: true });
  run(
    bin('typescript/bin/tsc'),
    '-p',
    project,
    '--outDir',
    join(one, 'dist'),
    '--noCheck',
    '--sourceMap',
    'false',
    '--inlineSources',
    'false',
  );
  cpSync(join(sources, 'package.json'), join(one, 'package.json'));
  cpSync(one, two, { recursive: true });
  const bundle = join(temp, 'bundle.mjs');
  const main = join(one, 'dist', 'index.js');
  // What is loaded lazily stays outside, as it does in an application's bundle for a server.
  run(
    bin('rolldown/bin/cli.mjs'),
    main,
    '--no-code-splitting',
    '--file',
    bundle,
    '--format',
    'esm',
    '--platform',
    'node',
    '--external',
    '@ai-sdk/*,undici,yaml,zod',
  );
  const url = (folder: string): string => pathToFileURL(join(folder, 'dist', 'index.js')).href;
  return {
    one: url(one),
    two: url(two),
    bundle: pathToFileURL(bundle).href,
    folder: join(temp, 'one'),
    [Symbol.dispose]: () => rmSync(temp, { recursive: true }),
  };
}

function run(file: string, ...args: readonly string[]): void {
  execFileSync(process.execPath, [file, ...args], { cwd: root, stdio: 'pipe' });
}

/** Contestants with packages of their own: these are installed in a temporary folder, and never committed. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Entry {
  readonly name: string;
  /** Of its module. */
  readonly source: URL;
  /** To be installed; empty = the workspace has all. */
  readonly packages: readonly string[];
}

export const AI_SDK: readonly string[] = ['ai@7.0.173', '@ai-sdk/openai@4.0.118', 'zod@4.6.7'];

const INSTALL_TIMEOUT_MS = 180_000;

/** URL of the contestant's module, or null, and said aloud, where its packages cannot be installed. */
export function prepare({ name, source, packages }: Entry): string | null {
  if (packages.length === 0) return source.href;
  const folder = join(tmpdir(), 'regatta-bench', packages.join('+').replaceAll('/', '-'));
  try {
    if (!existsSync(folder)) install(folder, packages);
  } catch (error) {
    console.error(`SKIPPED: ${name}. ${packages.join(', ')} cannot be installed: ${String(error)}`);
    return null;
  }
  const copy = join(folder, basename(source.pathname));
  copyFileSync(fileURLToPath(source), copy);
  return pathToFileURL(copy).href;
}

/** The folder has its name only once it is complete: an install that was cut off is not taken for one. */
function install(folder: string, packages: readonly string[]): void {
  console.log(`Installs ${packages.join(', ')}`);
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    writeFileSync(join(draft, 'package.json'), '{ "private": true, "type": "module" }\n');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact', ...packages];
    execFileSync('npm', args, { cwd: draft, stdio: 'ignore', timeout: INSTALL_TIMEOUT_MS });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

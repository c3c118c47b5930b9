/** `.env` of a project: read when somebody asks, into a value; never into `process.env`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Env } from '../index.ts';

/**
 * The variables of `.env` in `folder`, read as Node's `--env-file` does; none if there is no such file.
 * Give them to a runtime, under what the process has: `createRuntime({ env: { ...readEnv(folder),
 * ...process.env } })`.
 */
export function readEnv(folder: string): Env {
  const file = join(folder, '.env');
  return existsSync(file) ? Object.freeze({ ...parseEnv(readFileSync(file, 'utf8')) }) : Object.freeze({});
}

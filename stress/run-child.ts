/** Runs a module in a process of its own: with a heap that nothing else touches, and garbage collection on demand. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Resolves `regatta` to its sources, as tests do. */
const SOURCES = ['--conditions=@regatta/source', '--expose-gc'];

/** The JSON that `module` prints as its last line. Rejects when it fails; what it writes to stderr is passed on. */
export async function runChild<Result>(
  module: string,
  options: object,
  { execArgv = SOURCES }: { readonly execArgv?: readonly string[] } = {},
): Promise<Result> {
  const file = fileURLToPath(new URL(module, import.meta.url));
  const args = [...execArgv, file, JSON.stringify(options)];
  const { stdout, stderr } = await run(process.execPath, args, { maxBuffer: 2 ** 24 });
  if (stderr !== '') console.error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Result; // the module prints it
}

/** What the parent gave to `runChild`. */
export function childOptions<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options; // the parent wrote it
}

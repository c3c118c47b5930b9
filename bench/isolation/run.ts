/**
 * Whether runs get in each other's way, in this package and in others: `npm run bench:isolation [-- options]`.
 *
 * --only <a,b>   files of contestants/, such as regatta,ai-sdk
 * --cases <a,b>  some of the cases
 * --write        writes RESULTS.md
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { startMockModel } from '../mock-model.ts';
import type { Counts } from './cases.ts';
import { PEERS, prepare, regatta } from './contestants.ts';
import { type Row, toMarkdown } from './report.ts';

const CASE_NAMES = ['cross', 'slow', 'eviction', 'throwing', 'exit', 'process.exit', 'growth'];
/** Some contestants leave their process without a word, or never: then there is no figure. */
const TIMEOUT_MS = 900_000;
const EXIT_TIMEOUT_MS = 30_000;
const execute = promisify(execFile);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      cases: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const wanted = values.only?.split(',');
  const cases = values.cases?.split(',') ?? CASE_NAMES;
  const all = [
    { title: 'Regatta', file: 'regatta', packages: ['this repository'], open: () => regatta },
    ...PEERS.map((peer) => ({ ...peer, open: () => prepare(peer) })),
  ].filter(({ file }) => wanted?.includes(file) ?? true);
  const rows: Row[] = [];
  for (const { title, packages, open } of all) {
    const module = open();
    const results: Record<string, Counts> = {};
    for (const name of ['mechanism', ...cases]) {
      results[name] = await measure(module, name);
      console.log(`${title}, ${name}: ${JSON.stringify(results[name])}`);
    }
    rows.push({ title, packages, results });
  }
  const markdown = toMarkdown(rows);
  console.log(`\n${markdown}`);
  if (values.write) writeFileSync(new URL('RESULTS.md', import.meta.url), markdown);
}

/** Each case has a process and a model server of its own. */
async function measure(module: string, name: string): Promise<Counts> {
  const server = await startMockModel();
  const child = fileURLToPath(new URL('child.ts', import.meta.url));
  const options = JSON.stringify({ module, baseURL: `${server.origin}/v1`, name });
  const args = ['--conditions=@regatta/source', '--expose-gc', child, options];
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    MASTRA_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    LANGSMITH_TRACING: 'false',
    VOLTAGENT_LOG_LEVEL: 'error',
  };
  try {
    const { stdout } = await execute(process.execPath, args, {
      timeout: name.includes('exit') ? EXIT_TIMEOUT_MS : TIMEOUT_MS,
      env,
      maxBuffer: 2 ** 24,
    });
    if (name.includes('exit')) return { ...countLines(stdout), ended: true };
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Counts; // the child prints them
  } catch (error) {
    const { stdout = '', killed } = error as { readonly stdout?: string; readonly killed?: boolean }; // by execFile
    if (name.includes('exit')) return { ...countLines(stdout), ended: killed !== true };
    return { failed: String(error).slice(0, 300) };
  } finally {
    await server.close();
  }
}

function countLines(stdout: string): Counts {
  return { delivered: stdout.split('DELIVERED').length - 1, hasResult: stdout.includes('RESULT') };
}

await main();

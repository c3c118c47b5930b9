/**
 * `npm run zoo`: the clean tests once, then each mutant against the one test that must see it.
 *
 * `-- --only R71` runs the mutants of one race, or one mutant. Exits with 1 when a mutant survives.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { exemptions, mutants, type NamedMutant } from './mutants.ts';
import { root } from './patch.ts';
import { renderTable } from './table.ts';
import { outcomesOf, type Verdict, verdictOf } from './verdict.ts';

const execute = promisify(execFile);

/** Mutants at work together: one for each core of a small machine. */
const CONCURRENCY = 2;
/** Milliseconds for the tests of one mutant, and for all clean ones. */
const MUTANT_TIMEOUT_MS = 90_000;
const CLEAN_TIMEOUT_MS = 300_000;

const reports = mkdtempSync(join(tmpdir(), 'zoo-'));

/** There once a patch was loaded. */
const appliedOf = (mutant: string): string => join(reports, `${mutant}.applied`);

interface TestRun {
  readonly files: readonly string[];
  readonly names: readonly string[];
  readonly mutant: string;
  readonly timeoutMs: number;
}

/** Runs the named tests; gives vitest's report, or what went wrong before there was one. */
async function runTests({ files, names, mutant, timeoutMs }: TestRun): Promise<string> {
  const report = join(reports, `${mutant === '' ? 'clean' : mutant}.json`);
  const pattern = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const args = ['run', '--config', 'zoo/vitest.zoo.config.ts', ...files, '-t', pattern];
  const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), ...args, '--reporter=json'];
  const options = {
    cwd: root,
    timeout: timeoutMs,
    env: { ...process.env, ZOO_MUTANT: mutant, ZOO_APPLIED: appliedOf(mutant) },
  };
  try {
    await execute(process.execPath, [...vitest, `--outputFile=${report}`], options);
  } catch {
    // Failing tests make it exit with 1; the report says which.
  }
  try {
    return readFileSync(report, 'utf8');
  } catch {
    return '';
  }
}

async function tryMutant({ id, test, name }: NamedMutant): Promise<Verdict> {
  const report = await runTests({ files: [test], names: [name], mutant: id, timeoutMs: MUTANT_TIMEOUT_MS });
  if (!existsSync(appliedOf(id))) return { status: 'broken', why: 'its file was not loaded by the test' };
  return verdictOf(outcomesOf(report, name));
}

/** What is wrong with the tests while nothing is mutated. */
async function checkClean(chosen: readonly NamedMutant[]): Promise<readonly string[]> {
  const files = [...new Set(chosen.map(({ test }) => test))];
  const names = [...new Set(chosen.map(({ name }) => name))];
  const report = await runTests({ files, names, mutant: '', timeoutMs: CLEAN_TIMEOUT_MS });
  return names.filter((name) => {
    const { status } = verdictOf(outcomesOf(report, name));
    return status !== 'SURVIVED';
  });
}

function print(mutant: NamedMutant, verdict: Verdict, seconds: number): void {
  const { id, title, test, name } = mutant;
  const file = test.split('/').at(-1);
  console.log(`${id.padEnd(6)} ${verdict.status.padEnd(9)} ${title}`);
  console.log(`       ${''.padEnd(9)} ${file}: ${name} (${seconds.toFixed(1)} s)`);
  if (verdict.status === 'broken') console.log(`       ${''.padEnd(9)} ${verdict.why}`);
}

const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
const chosen = mutants.filter(({ id, race }) => only === undefined || only === id || only === race);
const started = performance.now();
let failed = 0;

console.log(`clean source: the tests of ${chosen.length} mutants`);
const failing = await checkClean(chosen);
const waiting = [...chosen];
const work = async (): Promise<void> => {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const since = performance.now();
    const verdict = failing.includes(mutant.name)
      ? ({ status: 'broken', why: 'its test fails on the clean source' } as const)
      : await tryMutant(mutant);
    print(mutant, verdict, (performance.now() - since) / 1000);
    if (verdict.status !== 'killed') failed++;
  }
};
await Promise.all(Array.from({ length: CONCURRENCY }, work));
if (only === undefined) {
  for (const { race, why } of exemptions) console.log(`${race}    none      ${why}`);
  writeFileSync(join(root, 'docs/zoo.md'), renderTable());
}
rmSync(reports, { recursive: true, force: true });
const total = Math.round((performance.now() - started) / 1000);
console.log(`zoo: ${chosen.length - failed} passed, ${failed} failed (${total} s)`);
process.exitCode = failed > 0 ? 1 : 0;

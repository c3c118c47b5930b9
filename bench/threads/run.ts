/**
 * What a second thread gives to crews whose tools compute: `npm run bench:threads [-- options]`. Prints a
 * table and writes `results/threads.json`.
 *
 * --quick       one short round: whether it works, not how fast it is. Writes `results/threads.local.json`
 * --rounds <n>  rounds, each with every number of threads; 3 without it
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { createRuntime, type Runtime, threads } from 'regatta';
import { median } from '../report.ts';
import { roundsOf } from '../rounds.ts';
import { crew } from './crew.ts';

/** Threads; 0 = the event loop. */
const SIZES = [0, 1, 2];
const TARGET = 1.6;
const AT_ONCE = 8;

interface Row {
  readonly threads: number;
  readonly runsPerSecond: number;
  readonly toOne: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' } },
  });
  const rounds = roundsOf(values);
  const runs = values.quick ? 8 : 96;
  const measured = new Map<number, number[]>(SIZES.map((size) => [size, []]));
  for (let round = 0; round < rounds; round++) {
    for (const size of SIZES) {
      const perSecond = await measure(size, runs);
      measured.get(size)?.push(perSecond);
      console.log(`${round + 1}/${rounds} ${nameOf(size)}: ${perSecond.toFixed(1)} runs/s`);
    }
  }
  const perSecond = (size: number): number => median(measured.get(size) ?? []) ?? Number.NaN;
  const rows = SIZES.map((size): Row => {
    const own = perSecond(size);
    return { threads: size, runsPerSecond: own, toOne: own / perSecond(1) };
  });
  console.log(`\n${toMarkdown(rows)}\n`);
  const results = new URL('../results/', import.meta.url);
  mkdirSync(results, { recursive: true });
  const cores = availableParallelism();
  const latest = { when: new Date().toISOString(), node: process.version, cores, runs, rows };
  const file = values.quick ? 'threads.local.json' : 'threads.json';
  writeFileSync(new URL(file, results), `${JSON.stringify(latest, null, 2)}\n`);
}

/** Runs a second of a new runtime. Threads have opened, and have compiled the tool, before it counts. */
async function measure(size: number, runs: number): Promise<number> {
  const engine = size === 0 ? {} : { engine: threads({ size }) };
  await using runtime = createRuntime({ env: {}, ...engine });
  await runAll(runtime, AT_ONCE);
  const start = performance.now();
  await runAll(runtime, runs);
  return (runs / (performance.now() - start)) * 1000;
}

async function runAll(runtime: Runtime, runs: number): Promise<void> {
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun++ < runs) await crew.kickoff({ runtime });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

function nameOf(size: number): string {
  return size === 0 ? 'event loop' : `${size} thread${size === 1 ? '' : 's'}`;
}

function toMarkdown(rows: readonly Row[]): string {
  const lines = rows.map(({ threads: size, runsPerSecond, toOne }) => {
    const target = size === 2 ? ` at least ${TARGET} | ${toOne >= TARGET ? 'yes' : '**no**'} |` : ' | |';
    return `| ${nameOf(size)} | ${runsPerSecond.toFixed(1)} | ${toOne.toFixed(2)} |${target}`;
  });
  return ['| | runs/s | to 1 thread | target | met |', '|---|---:|---:|---|---|', ...lines].join('\n');
}

await main();

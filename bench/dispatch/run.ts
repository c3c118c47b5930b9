/**
 * What it costs that somebody listens: `npm run bench:dispatch [-- --quick]`. Prints a table.
 *
 * Times are those of the best of several rounds in this process, and ratios to a plain call of the same functions in the
 * same process: between machines, compare ratios.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Bridge, measurePort, measureRuns, threadsOf } from './bridge.ts';
import { type Case, emit, openScope, plainCalls, snapshotHit } from './cases.ts';

const ROUNDS = 9;
const BRIDGE_TARGET = 300_000;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
  const times = values.quick ? 20_000 : 200_000;
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores, best of ${ROUNDS} rounds of ${times}\n`,
  );
  console.log('| case | ns | times a plain call | target ns | |\n|---|---|---|---|---|');
  const cases = [
    plainCalls(1),
    plainCalls(10),
    emit(0, 0.3),
    emit(1, 2),
    emit(10, 8),
    emit(0, null, 100_000),
    snapshotHit,
    openScope(1),
    openScope(10),
  ];
  let base = Number.NaN;
  for (const one of cases) {
    const ns = await nanoseconds(one, times);
    if (Number.isNaN(base)) base = ns; // the first case is what the others are compared with
    const target = one.targetUs === null ? null : one.targetUs * 1000;
    const verdict = target === null ? '' : ns <= target ? 'met' : 'missed';
    console.log(
      `| ${one.name} | ${ns.toFixed(1)} | ${(ns / base).toFixed(1)} | ${target ?? ''} | ${verdict} |`,
    );
  }
  console.log(`\n| events across threads | a second | lost | target | |\n|---|---|---|---|---|`);
  const messages = 5 * times;
  const runs = values.quick ? 2 : 8;
  const lines: readonly (readonly [name: string, bridge: Bridge, target?: number])[] = [
    ['the bridge alone, 1 thread', await measurePort(1, messages)],
    ['the bridge alone, 2 threads', await measurePort(2, messages / 2), BRIDGE_TARGET],
    ['model to callback, event loop', await measureRuns(undefined, runs)],
    ['model to callback, 1 thread', await measureRuns(threadsOf(1), runs)],
    ['model to callback, 2 threads', await measureRuns(threadsOf(2), runs)],
  ];
  for (const [name, { perSecond, lost }, target] of lines) {
    const verdict = target === undefined ? '' : perSecond >= target ? 'met' : 'missed';
    console.log(`| ${name} | ${perSecond.toLocaleString('en')} | ${lost} | ${target ?? ''} | ${verdict} |`);
  }
}

/** Of the best round: what other processes take is in the others. */
async function nanoseconds({ run }: Case, times: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  await run(times);
  for (let round = 0; round < ROUNDS; round++) {
    globalThis.gc?.();
    const before = performance.now();
    await run(times);
    best = Math.min(best, ((performance.now() - before) * 1e6) / times);
  }
  return best;
}

await main();

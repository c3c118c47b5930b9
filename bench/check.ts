/**
 * Compares the ratios of the last run with those that are committed: `npm run bench:check`. For use by
 * hand, on a quiet machine. `npm run bench:check -- --accept` takes the last run as the new measure.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Row, SUBJECT } from './report.ts';

/** Ratios of the subject to the hand-written loop, by row. */
export type Ratios = Readonly<Record<string, number>>;

/** Rows whose ratio is a cost: more is worse. Throughput and the first crew depend on too much else. */
const CHECKED = /^(cpu|live|import)/;
/** Below it, differences are the machine's. */
const TOLERANCE = 0.15;

export function toRatios(rows: readonly Row[]): Ratios {
  return Object.fromEntries(
    rows.flatMap(({ name, cells }) => {
      const ratio = cells[SUBJECT]?.ratio ?? null;
      return CHECKED.test(name) && ratio !== null ? [[name, ratio] as const] : [];
    }),
  );
}

/** What is worse than before by more than the tolerance, or not measured any more: one sentence each. */
export function compareRatios(before: Ratios, after: Ratios): readonly string[] {
  return Object.entries(before).flatMap(([name, old]) => {
    const now = after[name];
    if (now === undefined) return [`${name} was not measured. Run the whole benchmark.`];
    const change = now / old - 1;
    if (change <= TOLERANCE) return [];
    return [
      `${name} is ${now.toFixed(2)}× the loop and was ${old.toFixed(2)}×: ${Math.round(change * 100)} % worse.`,
    ];
  });
}

if (import.meta.main) {
  const results = new URL('results/', import.meta.url);
  const baseline = new URL('baseline.json', results);
  const read = (url: URL): unknown => JSON.parse(readFileSync(url, 'utf8'));
  const latest = read(new URL('latest.json', results)) as { readonly rows: readonly Row[]; quick: boolean }; // run.ts wrote it
  const ratios = toRatios(latest.rows);
  if (latest.quick) throw new Error('The last run was a quick one. Run "npm run bench" without --quick.');
  if (process.argv.includes('--accept')) {
    const rounded = Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio.toFixed(3))]);
    writeFileSync(baseline, `${JSON.stringify({ ratios: Object.fromEntries(rounded) }, null, 2)}\n`);
    console.log('The last run is the new baseline.');
  } else {
    const { ratios: before } = read(baseline) as { readonly ratios: Ratios }; // written above
    const findings = compareRatios(before, ratios);
    for (const finding of findings) console.error(finding);
    console.log(`bench: ${findings.length} regressions`);
    process.exitCode = findings.length > 0 ? 1 : 0;
  }
}

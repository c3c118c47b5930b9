/**
 * The benchmark: `npm run bench [-- options]`. Prints a table and writes `results/latest.json`.
 *
 * --quick            one short round: whether it works, not how fast it is
 * --rounds <n>       rounds, each with every contestant in every scenario; 3 without it
 * --only <a,b>       some of the contestants
 * --scenarios <a,b>  some of the scenarios
 * --profile [kind]   profiles instead: cpu (without a kind), allocated, or live
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CONTESTANTS } from './contestants.ts';
import { prepare } from './installed.ts';
import type { Scenario } from './measure.ts';
import { canPin, measureInChild, runModule } from './processes.ts';
import { type ProfileKind, summariseProfile } from './profile.ts';
import {
  countDisturbed,
  type ImportTimes,
  median,
  type RunRecord,
  SUBJECT,
  summarise,
  toMarkdown,
} from './report.ts';
import { roundsOf } from './rounds.ts';
import { ON_REQUEST, QUICK_SCENARIOS, SCENARIOS } from './scenarios.ts';

const IMPORT_ROUNDS = 7;
/** Whose crews per second are the capacity. */
const PACE_OF = 'load-100';
const results = new URL('results/', import.meta.url);

interface Contestant {
  readonly name: string;
  readonly module: string;
}

interface Plan {
  readonly contestants: readonly Contestant[];
  readonly scenarios: readonly (readonly [name: string, scenario: Scenario])[];
  readonly rounds: number;
  readonly isPinned: boolean;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      scenarios: { type: 'string' },
      profile: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const all = values.quick ? QUICK_SCENARIOS : SCENARIOS;
  const scenarios = Object.keys(all).filter(
    (name) => values.scenarios !== undefined || !ON_REQUEST.includes(name),
  );
  const isPinned = canPin();
  if (!isPinned) console.log('Processes are not pinned here: there is no taskset, or only one core.\n');
  mkdirSync(results, { recursive: true });
  const plan: Plan = {
    contestants: open(values.only),
    scenarios: pick(scenarios, values.scenarios).map((name) => [name, all[name] as Scenario]), // a key of it
    rounds: roundsOf(values),
    isPinned,
  };
  if (values.profile) {
    for (const contestant of open(values.only ?? SUBJECT)) {
      await profile(contestant, (positionals[0] ?? 'cpu') as ProfileKind, plan); // checked there
    }
    return;
  }
  const imports = timeImports(values.quick ? 3 : IMPORT_ROUNDS, isPinned);
  const records = await runAll(plan, (some) => save(some, { imports, quick: values.quick }));
  console.log(`\n${toMarkdown(summarise(records, imports), records)}\n`);
  const disturbed = countDisturbed(records);
  if (disturbed > 0) console.log(`${disturbed} of ${records.length} runs had other processes on their core.`);
}

/** Who is there: one whose packages cannot be installed is left out, and said to be. */
function open(only: string | undefined): readonly Contestant[] {
  const names = pick(
    CONTESTANTS.map(({ name }) => name),
    only,
  );
  return CONTESTANTS.filter(({ name }) => names.includes(name)).flatMap((entry) => {
    const module = prepare(entry);
    return module === null ? [] : [{ name: entry.name, module }];
  });
}

function save(
  records: readonly RunRecord[],
  { imports, quick }: { readonly imports: ImportTimes; readonly quick: boolean },
): void {
  const rows = summarise(records, imports);
  const latest = { when: new Date().toISOString(), node: process.version, quick, rows, records };
  writeFileSync(new URL('latest.json', results), `${JSON.stringify(latest, null, 2)}\n`);
}

function pick(names: readonly string[], wanted: string | undefined): readonly string[] {
  if (wanted === undefined) return names;
  const chosen = wanted.split(',');
  const unknown = chosen.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`There is no ${unknown.join(', ')}. Choose from ${names.join(', ')}.`);
  return chosen;
}

/**
 * Contestants take turns within a scenario, and another one begins in each round. `onRound` gets what
 * there is after each round, in the contestants' order.
 */
async function runAll(
  { contestants, scenarios, rounds, isPinned }: Plan,
  onRound: (records: readonly RunRecord[]) => void,
): Promise<readonly RunRecord[]> {
  const records: RunRecord[] = [];
  const placeOf = ({ contestant }: RunRecord): number =>
    contestants.findIndex(({ name }) => name === contestant);
  for (let round = 0; round < rounds; round++) {
    const first = round % contestants.length;
    const order = [...contestants.slice(first), ...contestants.slice(0, first)];
    for (const [name, scenario] of scenarios) {
      for (const contestant of order) {
        const paced = scenario.kind === 'pace' ? { ...scenario, perSecond: halfCapacity(records) } : scenario;
        const measurement = await measureInChild(
          { module: contestant.module, scenario: paced },
          { isPinned },
        );
        records.push({ contestant: contestant.name, scenario: name, round, measurement });
        console.log(`${round + 1}/${rounds} ${name} ${contestant.name}: ${show(measurement)}`);
      }
    }
    records.sort((a, b) => placeOf(a) - placeOf(b));
    onRound(records);
  }
  return records;
}

/** The same for all of them: so many that Regatta is busy half of the time. */
function halfCapacity(records: readonly RunRecord[]): number {
  const own = records.filter(({ contestant, scenario }) => contestant === SUBJECT && scenario === PACE_OF);
  const capacity = median(own.flatMap(({ measurement }) => measurement.crewsPerSecond ?? []));
  if (capacity === null)
    throw new Error(`"pace" needs ${SUBJECT} and "${PACE_OF}" in the same run. Name them, too.`);
  return capacity / 2;
}

function show({ correctness, ...figures }: RunRecord['measurement']): string {
  const { crews, failed, firstError, wrong, lost, extra, foreign } = correctness;
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(2)}`);
  const faults = failed + wrong + lost + extra + foreign;
  if (faults > 0) {
    shown.push(`FAULTS of ${crews} crews: ${failed} failed (${firstError}), ${wrong} wrong answers`);
    shown.push(`events ${lost} lost, ${extra} extra, ${foreign} foreign`);
  }
  return shown.join(', ');
}

function timeImports(rounds: number, isPinned: boolean): ImportTimes {
  const times = { empty: [] as number[], undici: [] as number[], regatta: [] as number[] };
  // The first round fills the system's file cache, and is not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const name of ['empty', 'undici', 'regatta'] as const) {
      const code = name === 'empty' ? '' : `import '${name}'`;
      const { wallMs } = runModule(code, { isPinned });
      if (round > 0) times[name].push(wallMs);
    }
  }
  const of = (name: keyof ImportTimes): number => median(times[name]) ?? Number.NaN;
  return { empty: of('empty'), undici: of('undici'), regatta: of('regatta') };
}

const PROFILED: Readonly<Record<ProfileKind, { readonly scenario: string; readonly unit: string }>> = {
  cpu: { scenario: 'load-100', unit: 'ms' },
  allocated: { scenario: 'load-100', unit: 'KB' },
  live: { scenario: 'freeze-1000', unit: 'KB' },
};
const SHOWN = 30;

async function profile(
  { name: contestant, module }: Contestant,
  kind: ProfileKind,
  { isPinned }: Plan,
): Promise<void> {
  const { scenario: name, unit } = PROFILED[kind] ?? {};
  const scenario = name === undefined ? undefined : SCENARIOS[name];
  if (scenario === undefined) throw new Error(`There is no profile "${kind}". Use cpu, allocated or live.`);
  const extension = kind === 'cpu' ? 'cpuprofile' : 'heapprofile';
  const file = fileURLToPath(new URL(`${contestant}-${kind}.${extension}`, results));
  const measurement = await measureInChild({ module, scenario, profile: { kind, file } }, { isPinned });
  const { total, packages, groups, functions } = summariseProfile(file);
  console.log(
    `\n${contestant}, ${kind} of ${name}: ${total.toFixed(0)} ${unit} in all. ${show(measurement)}`,
  );
  console.log(`Written to ${file}\n`);
  for (const [title, shares] of [
    ['By package', packages],
    ['By file of ours, or package', groups],
    ['By function', functions],
  ] as const) {
    console.log(title);
    for (const { name: label, weight, share } of shares.slice(0, SHOWN)) {
      console.log(`${share.toFixed(1).padStart(6)} % ${weight.toFixed(0).padStart(7)} ${unit}  ${label}`);
    }
    console.log('');
  }
}

await main();

/** From single measurements to a table: medians, ratios to the hand-written loop, targets. */
import type { Figures, Measurement } from './measure.ts';
import type { Correctness } from './runner.ts';

/** What the others are compared with. */
export const BASE = 'loop';
/** What the targets are for. */
export const SUBJECT = 'regatta';

export interface RunRecord {
  readonly contestant: string;
  /** A name of `scenarios.ts`. */
  readonly scenario: string;
  readonly round: number;
  readonly measurement: Measurement;
}

/** Milliseconds from start to end of a process that only imports, medians. */
export interface ImportTimes {
  readonly empty: number;
  readonly undici: number;
  readonly regatta: number;
}

export interface Cell {
  readonly value: number;
  /** To the cell of `BASE`; null where a ratio says nothing. */
  readonly ratio: number | null;
}

export interface Target {
  readonly of: 'ratio' | 'value';
  readonly atMost: number;
}

export interface Row {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly target: Target | null;
  readonly cells: Readonly<Record<string, Cell>>;
}

interface RowKind extends Omit<Row, 'cells'> {
  readonly scenario: string;
  readonly figure: keyof Figures;
  readonly hasRatio: boolean;
}

const ms = (scenario: string, at: string, target: Target | null): RowKind => ({
  name: `cpu-${at}`,
  label: `CPU per crew, ${at} at once`,
  unit: 'ms',
  target,
  scenario,
  figure: 'cpuMsPerCrew',
  hasRatio: true,
});

const live = (at: string): RowKind => ({
  name: `live-${at}`,
  label: `live heap per crew in flight, ${at} at once`,
  unit: 'KB',
  target: { of: 'value', atMost: 15 },
  scenario: `freeze-${at}`,
  figure: 'liveKbPerCrew',
  hasRatio: true,
});

const perSecond = (at: string): RowKind => ({
  name: `throughput-${at}`,
  label: `crews per second, ${at} at once`,
  unit: '/s',
  target: null,
  scenario: `load-${at}`,
  figure: 'crewsPerSecond',
  hasRatio: true,
});

const ROWS: readonly RowKind[] = [
  ms('load-1', '1', null),
  ms('load-100', '100', { of: 'ratio', atMost: 2.5 }),
  ms('load-1000', '1000', { of: 'ratio', atMost: 2.5 }),
  ms('load-10000', '10000', null),
  {
    name: 'delay',
    label: 'p99 of the event loop’s delay, at half the capacity of regatta',
    unit: 'ms',
    target: null,
    scenario: 'pace',
    figure: 'loopDelayP99Ms',
    hasRatio: true,
  },
  live('100'),
  live('1000'),
  {
    name: 'retained',
    label: 'heap kept per finished crew',
    unit: 'KB',
    target: null,
    scenario: 'retain',
    figure: 'retainedKbPerCrew',
    hasRatio: false,
  },
  perSecond('1'),
  perSecond('100'),
  perSecond('1000'),
  {
    name: 'first-crew',
    label: 'first crew of a process',
    unit: 'ms',
    target: null,
    scenario: 'load-1',
    figure: 'firstCrewMs',
    hasRatio: true,
  },
];

/** Others on the core for more than this part of the time make a run count only where there is no better one. */
const MAX_OTHERS_SHARE = 0.1;

export function summarise(records: readonly RunRecord[], imports: ImportTimes | null): readonly Row[] {
  const rows = ROWS.flatMap(({ scenario, figure, hasRatio, ...row }): readonly Row[] => {
    const values = new Map<string, number>();
    for (const contestant of new Set(records.map((record) => record.contestant))) {
      const own = records.filter((run) => run.contestant === contestant && run.scenario === scenario);
      const value = median(cleanOf(own).flatMap(({ measurement }) => measurement[figure] ?? []));
      if (value !== null) values.set(contestant, value);
    }
    return values.size === 0 ? [] : [{ ...row, cells: toCells(values, hasRatio) }];
  });
  return imports === null ? rows : [...rows, importRow(imports)];
}

export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** Null without a target, or without a figure of the subject. */
export function isMet({ target, cells }: Row): boolean | null {
  const cell = cells[SUBJECT];
  const actual = target === null ? null : (cell?.[target.of] ?? null);
  return target === null || actual === null ? null : actual <= target.atMost;
}

export function addUp(records: readonly RunRecord[], contestant: string): Correctness | null {
  const own = records.filter((record) => record.contestant === contestant);
  return own.reduce<Correctness | null>((all, { measurement: { correctness: one } }) => {
    if (all === null) return one;
    return {
      crews: all.crews + one.crews,
      failed: all.failed + one.failed,
      firstError: all.firstError ?? one.firstError,
      wrong: all.wrong + one.wrong,
      expected: all.expected + one.expected,
      received: all.received + one.received,
      lost: all.lost + one.lost,
      extra: all.extra + one.extra,
      foreign: all.foreign + one.foreign,
    };
  }, null);
}

/** Whether every crew gave its own answer and every event came to its own observer, once. */
export function isCorrect({ failed, wrong, lost, extra, foreign }: Correctness): boolean {
  return failed + wrong + lost + extra + foreign === 0;
}

/** The table as markdown. Ratios stand first: absolute figures of two runs cannot be compared. */
export function toMarkdown(rows: readonly Row[], records: readonly RunRecord[]): string {
  const contestants = [...new Set(records.map(({ contestant }) => contestant))];
  const lines = rows.map((row) => [
    row.label,
    ...contestants.map((name) => showCell(row.cells[name], row.unit)),
    showTarget(row),
    showVerdict(isMet(row)),
  ]);
  const correctness = contestants.map((name) => addUp(records, name));
  const subject = addUp(records, SUBJECT);
  lines.push(
    ['crews run', ...correctness.map((all) => String(all?.crews ?? '')), '', ''],
    [
      'events lost / extra / foreign',
      ...correctness.map((all) => (all === null ? '' : `${all.lost} / ${all.extra} / ${all.foreign}`)),
      '0 / 0 / 0',
      subject === null ? '' : showVerdict(subject.lost + subject.extra + subject.foreign === 0),
    ],
    [
      'crews failed / with a wrong answer',
      ...correctness.map((all) => (all === null ? '' : `${all.failed} / ${all.wrong}`)),
      '0 / 0',
      subject === null ? '' : showVerdict(subject.failed + subject.wrong === 0),
    ],
  );
  const head = ['measure', ...contestants, 'target', 'met'];
  return [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** Runs on whose core others were; they are left out of the medians where an undisturbed one exists. */
export function countDisturbed(records: readonly RunRecord[]): number {
  return records.filter((record) => !isClean(record)).length;
}

function isClean({ measurement: { othersShare = 0 } }: RunRecord): boolean {
  return othersShare <= MAX_OTHERS_SHARE;
}

function cleanOf(records: readonly RunRecord[]): readonly RunRecord[] {
  const clean = records.filter(isClean);
  return clean.length > 0 ? clean : records;
}

function toCells(values: ReadonlyMap<string, number>, hasRatio: boolean): Readonly<Record<string, Cell>> {
  const base = values.get(BASE);
  const ratioOf = (value: number): number | null =>
    !hasRatio || base === undefined || base <= 0 ? null : value / base;
  return Object.fromEntries(
    Array.from(values, ([name, value]) => [name, { value, ratio: ratioOf(value) }] as const),
  );
}

function importRow({ empty, undici, regatta }: ImportTimes): Row {
  const values = new Map([
    [BASE, undici - empty],
    [SUBJECT, regatta - empty],
  ]);
  return {
    name: 'import',
    label: `import, beyond bare Node (loop: undici)`,
    unit: 'ms',
    target: { of: 'value', atMost: 60 },
    cells: toCells(values, true),
  };
}

function showCell(cell: Cell | undefined, unit: string): string {
  if (cell === undefined) return '';
  const { value, ratio } = cell;
  const figure = `${showNumber(value)} ${unit}`.replace(' /s', '/s');
  return ratio === null ? figure : `**${ratio.toFixed(ratio < 10 ? 2 : 1)}×** (${figure})`;
}

function showNumber(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
}

function showTarget({ target, unit }: Row): string {
  if (target === null) return '';
  return target.of === 'ratio' ? `≤ ${target.atMost}×` : `≤ ${target.atMost} ${unit}`;
}

function showVerdict(verdict: boolean | null): string {
  return verdict === null ? '' : verdict ? 'yes' : '**no**';
}

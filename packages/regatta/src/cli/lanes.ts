/** The lanes of all runs as the lines of a table that fits a terminal. */
import { countOf, formatCost, formatDuration, formatShortCount } from './amount.ts';
import type { Colors } from './colors.ts';
import { elapsedMs, type Lane, type OpenSpan } from './lane.ts';
import { fit, fitRight, oneLine, widthOf } from './text.ts';

export interface View {
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly colors: Colors;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Milliseconds that one picture of the spinner stays. */
const SPIN_MS = 100;
/** Header and totals, and the line on which the cursor rests. */
const OTHER_ROWS = 3;

interface Column {
  readonly title: string;
  readonly width: number;
  readonly text: (lane: Lane, now: number) => string;
}

/** Amounts, by how dear they are: on a narrow terminal the last ones go first. */
const AMOUNTS: readonly Column[] = [
  { title: 'time', width: 7, text: (lane, now) => duration(elapsedMs(lane, now)) },
  { title: 'calls', width: 5, text: ({ calls }) => formatShortCount(calls) },
  { title: 'tokens', width: 7, text: ({ tokens }) => formatShortCount(tokens) },
  { title: 'cost', width: 8, text: ({ tokens, costUsd }) => formatCost(tokens, costUsd) },
];
/** From here on two blanks stand between columns instead of one. */
const ROOMY_COLUMNS = 100;
/** Columns that name, task and work need between them to say anything. */
const MIN_TEXT_COLUMNS = 36;

/** Header, one line a lane, totals: at most `rows - 1` lines of at most `columns - 1` columns. */
export function renderLanes(lanes: readonly Lane[], view: View): readonly string[] {
  const { colors, now } = view;
  const { amounts, gap, name, task, work } = layOut(lanes, view);
  const line = (lane: Lane): string => {
    const { glyph, paint } = face(lane, view);
    const figures = amounts.map(({ width, text }) => gap + fitRight(text(lane, now), width)).join('');
    const middle = `${gap}${fit(taskOf(lane), task)}${gap}${fit(workOf(lane), work)}`;
    return `${paint(glyph)} ${paint(fit(lane.name, name))}${middle}${colors.dim(figures)}`;
  };
  const titles = amounts.map(({ title, width }) => gap + fitRight(title, width)).join('');
  const header = `  ${fit('run', name)}${gap}${fit('task', task)}${gap}${fit('at work', work)}${titles}`;
  const shown = choose(lanes, Math.max(1, view.rows - OTHER_ROWS));
  const tails = lanes.length * 2 + OTHER_ROWS <= view.rows;
  const body = shown.flatMap((lane) =>
    tails && lane.written !== '' ? [line(lane), tail(lane, view)] : [line(lane)],
  );
  return [colors.dim(header), ...body, summary(lanes, shown.length, view)];
}

interface Layout {
  readonly amounts: readonly Column[];
  /** What stands between columns. */
  readonly gap: string;
  /** Widths. */
  readonly name: number;
  readonly task: number;
  readonly work: number;
}

function layOut(lanes: readonly Lane[], { columns }: View): Layout {
  const gap = columns < ROOMY_COLUMNS ? ' ' : '  ';
  const free = (amounts: readonly Column[]): number =>
    columns - 1 - 2 - 2 * gap.length - amounts.reduce((all, { width }) => all + width + gap.length, 0);
  let amounts = AMOUNTS;
  while (amounts.length > 1 && free(amounts) < MIN_TEXT_COLUMNS) amounts = amounts.slice(0, -1);
  const text = Math.max(3, free(amounts));
  const longest = lanes.reduce((width, lane) => Math.max(width, widthOf(oneLine(lane.name))), 8);
  const name = Math.min(longest, Math.floor(text * 0.45));
  const task = Math.min(24, Math.floor((text - name) * 0.5));
  const work = Math.min(32, text - name - task);
  // Time comes first by worth, and last on the line.
  return { amounts: [...amounts.slice(1), ...amounts.slice(0, 1)], gap, name, task, work };
}

function face(lane: Lane, { colors, now }: View): { readonly glyph: string; readonly paint: Colors['dim'] } {
  switch (lane.status) {
    case 'waiting':
      return { glyph: '·', paint: colors.dim };
    case 'running':
      return { glyph: SPINNER[Math.floor(now / SPIN_MS) % SPINNER.length] ?? '', paint: colors.cyan };
    case 'succeeded':
      return { glyph: '✓', paint: colors.green };
    case 'failed':
      return { glyph: '✗', paint: colors.red };
    case 'cancelled':
      return { glyph: '■', paint: colors.yellow };
    case 'suspended':
      return { glyph: '‖', paint: colors.yellow };
  }
}

/** `2/3 compare` */
function taskOf({ open, doneTasks, taskCount }: Lane): string {
  return `${doneTasks}/${taskCount} ${firstOf(open, 'task')}`;
}

/** The tools at work, or the agent that waits for its model, or how it ended. */
function workOf({ open, status, errorCode }: Lane): string {
  if (status !== 'running') return status === 'failed' ? (errorCode ?? status) : status;
  return firstOf(open, 'tool') || firstOf(open, 'agent');
}

/** The name of the first span of a kind; `+1` says how many more are at work. */
function firstOf(open: Lane['open'], kind: OpenSpan['kind']): string {
  const [first, ...others] = open.filter((span) => span.kind === kind);
  if (first === undefined) return '';
  return others.length > 0 ? `${first.name} +${others.length}` : first.name;
}

/** What is being written, its end. */
function tail({ written }: Lane, { columns, colors }: View): string {
  const width = columns - 5;
  const text = oneLine(written).slice(-width);
  return colors.dim(`  │ ${fit(text, width).trimEnd()}`);
}

/** Those to show when there is no room for all: at work first, then waiting, then ended; in their order. */
function choose(lanes: readonly Lane[], room: number): readonly Lane[] {
  if (lanes.length <= room) return lanes;
  const rank = ({ status }: Lane): number => (status === 'running' ? 0 : status === 'waiting' ? 1 : 2);
  const ranked = lanes
    .map((lane, index) => ({ lane, index }))
    .toSorted((a, b) => rank(a.lane) - rank(b.lane));
  const chosen = new Set(ranked.slice(0, room).map(({ index }) => index));
  return lanes.filter((_, index) => chosen.has(index));
}

function summary(lanes: readonly Lane[], shown: number, { colors, columns, now }: View): string {
  const count = (status: Lane['status']): string => {
    const found = lanes.filter((lane) => lane.status === status).length;
    return found > 0 ? `${found} ${status}` : '';
  };
  const states = [
    count('running'),
    count('waiting'),
    count('succeeded'),
    count('failed'),
    count('cancelled'),
    count('suspended'),
  ];
  const sum = (of: (lane: Lane) => number): number => lanes.reduce((all, lane) => all + of(lane), 0);
  const isPriced = lanes.every(({ costUsd }) => costUsd !== null);
  const tokens = sum(({ tokens }) => tokens);
  const costUsd = isPriced ? sum(({ costUsd }) => costUsd ?? 0) : null;
  const parts = [
    `${countOf(lanes.length, 'run')}: ${states.filter((text) => text !== '').join(', ')}`,
    `${countOf(
      sum(({ calls }) => calls),
      'call',
    )}, ${countOf(tokens, 'token')}`,
    `cost ${formatCost(tokens, costUsd)}`,
    duration(totalMs(lanes, now)),
  ];
  const hidden = lanes.length - shown;
  if (hidden > 0) parts.push(`${hidden} not shown`);
  return colors.dim(fit(parts.filter((text) => text !== '').join(' · '), columns - 1).trimEnd());
}

function totalMs(lanes: readonly Lane[], now: number): number | null {
  const starts = lanes.flatMap(({ startedAt }) => startedAt ?? []);
  if (starts.length === 0) return null;
  const ends = lanes.map(({ status, endedAt }) => (status === 'running' ? now : (endedAt ?? 0)));
  return Math.max(...ends) - Math.min(...starts);
}

function duration(durationMs: number | null): string {
  return durationMs === null ? '' : formatDuration(durationMs);
}

/** From single measurements to a table: medians, ratios to `raw`, targets. */
import { median } from '../report.ts';
import type { CallMeasurement } from './call.ts';

export interface CallRecord {
  readonly contestant: string;
  readonly round: number;
  readonly measurement: CallMeasurement;
}

export interface CallRow {
  readonly contestant: string;
  /** Medians; null where the contestant was skipped. */
  readonly cpuMsPerCall: number | null;
  readonly toRaw: number | null;
  readonly toRegatta: number | null;
  readonly target: string | null;
  /** Null where there is no target, or where a figure for it is missing. */
  readonly isMet: boolean | null;
}

interface Target {
  readonly label: string;
  readonly of: 'toRaw' | 'toRegatta';
  readonly isMet: (ratio: number) => boolean;
}

const TARGETS: Readonly<Record<string, Target>> = {
  regatta: { label: '≤ 3.5 × raw', of: 'toRaw', isMet: (ratio) => ratio <= 3.5 },
  generateText: { label: '≥ 3 × regatta', of: 'toRegatta', isMet: (ratio) => ratio >= 3 },
};
/** Part of the core's time that others took, from which on a run counts only where there is no better one. */
const DISTURBED = 0.1;

export function summarise(records: readonly CallRecord[], names: readonly string[]): readonly CallRow[] {
  const raw = cpuOf(records, 'raw');
  const regatta = cpuOf(records, 'regatta');
  return names.map((contestant) => {
    const cpuMsPerCall = cpuOf(records, contestant);
    const ratios = { toRaw: ratio(cpuMsPerCall, raw), toRegatta: ratio(cpuMsPerCall, regatta) };
    const target = TARGETS[contestant];
    const aimed = target ? ratios[target.of] : null;
    return {
      contestant,
      cpuMsPerCall,
      ...ratios,
      target: target?.label ?? null,
      isMet: target && aimed !== null ? target.isMet(aimed) : null,
    };
  });
}

export function countDisturbed(records: readonly CallRecord[]): number {
  return records.filter(isDisturbed).length;
}

export function toMarkdown(rows: readonly CallRow[]): string {
  const lines = rows.map(({ contestant, cpuMsPerCall, toRaw, toRegatta, target, isMet }) => {
    const verdict = isMet === null ? 'not measured' : isMet ? 'met' : 'MISSED';
    const cells = [show(cpuMsPerCall, 3), show(toRaw, 2), show(toRegatta, 2)];
    return `| ${[contestant, ...cells, target === null ? '' : `${target}: ${verdict}`].join(' | ')} |`;
  });
  return `| contestant | CPU per call, ms | to raw | to regatta | target |\n|---|--:|--:|--:|---|\n${lines.join('\n')}\n`;
}

function cpuOf(records: readonly CallRecord[], contestant: string): number | null {
  const own = records.filter((record) => record.contestant === contestant);
  const quiet = own.filter((record) => !isDisturbed(record));
  const counted = quiet.length > 0 ? quiet : own;
  return median(counted.map(({ measurement }) => measurement.cpuMsPerCall));
}

function isDisturbed({ measurement: { othersShare } }: CallRecord): boolean {
  return othersShare !== null && othersShare > DISTURBED;
}

function ratio(value: number | null, base: number | null): number | null {
  return value === null || base === null ? null : value / base;
}

function show(value: number | null, digits: number): string {
  return value === null ? 'skipped' : value.toFixed(digits);
}

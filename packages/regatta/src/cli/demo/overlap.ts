/** How runs lay in time. */
import type { Lane } from '../lane.ts';

/** The most runs that were under way at one moment. */
export function peakOf(lanes: readonly Lane[]): number {
  const begun = lanes.flatMap(({ startedAt }) => startedAt ?? []);
  const isUnderWay = ({ startedAt, endedAt }: Lane, at: number): boolean =>
    startedAt !== null && startedAt <= at && at < (endedAt ?? Infinity);
  return begun.reduce((peak, at) => Math.max(peak, lanes.filter((lane) => isUnderWay(lane, at)).length), 0);
}

/** Milliseconds from the first start to the last end. */
export function spanMs(lanes: readonly Lane[]): number {
  const starts = lanes.flatMap(({ startedAt }) => startedAt ?? []);
  const ends = lanes.flatMap(({ endedAt }) => endedAt ?? []);
  return starts.length === 0 || ends.length === 0 ? 0 : Math.max(...ends) - Math.min(...starts);
}

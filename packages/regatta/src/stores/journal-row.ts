/** A run as a row of the file has it. */
import type { JournaledRun, RunEnding, RunRecord } from '../ports/journal.ts';
import { mayBeAlive } from './owner.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Null for a run that nobody holds, whose holder is gone, or gave no sign of life for a lease's time. */
export function holderOf({ owner, lease_until: until }: Row, now: number): string | null {
  if (typeof owner !== 'string' || Number(until) <= now || !mayBeAlive(owner)) return null;
  return owner;
}

export function toRun(row: Row, now: number): JournaledRun {
  const { record, status, epoch, updated_at: updatedAtMs, ending } = row;
  return {
    ...(JSON.parse(String(record)) as RunRecord), // `create` wrote it
    status: status as JournaledRun['status'], // written by `create`, `claim` and `end` alone
    epoch: Number(epoch),
    heldBy: holderOf(row, now),
    updatedAtMs: Number(updatedAtMs),
    ending: typeof ending === 'string' ? (JSON.parse(ending) as RunEnding) : null, // `end` wrote it
  };
}

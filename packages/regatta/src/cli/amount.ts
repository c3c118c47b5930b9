/** Numbers as people read them. Unknown is a dash, never 0. */

export const UNKNOWN = '—';

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** In at most seven characters: `999,999`, then `1.2M`. */
export function formatShortCount(count: number): string {
  return count < 1_000_000 ? formatCount(count) : `${(count / 1_000_000).toFixed(1)}M`;
}

/** `1 run`, `2 runs`. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function formatUsd(usd: number | null): string {
  if (usd === null) return UNKNOWN;
  if (usd === 0) return '$0';
  if (usd < 0.0001) return '<$0.0001';
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
}

/** `1.2 s`, `2:05` (minutes) or `1:02:05` (hours). */
export function formatDuration(durationMs: number): string {
  const tenths = Math.round(Math.max(0, durationMs) / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.floor(tenths / 10);
  const padded = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${padded(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${padded(minutes % 60)}:${padded(seconds % 60)}`;
}

/** What `tokens` tokens cost; a dash when there were none. */
export function formatCost(tokens: number, costUsd: number | null): string {
  return tokens === 0 ? UNKNOWN : formatUsd(costUsd);
}

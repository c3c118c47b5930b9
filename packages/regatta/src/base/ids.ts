/** Ids. A run's id sorts by start time; everything inside a run is named by its place in it. */
import type { Clock, Random } from './clock.ts';

/** A UUID version 7 (RFC 9562, 5.7): 48 bits of milliseconds, then random bits. */
export function createId(clock: Clock, random: Random): string {
  const time = Math.trunc(clock.now()).toString(16).padStart(12, '0').slice(-12);
  const variant = (0x8 | (random() * 4)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(random, 3)}-${variant}${hex(random, 3)}-${hex(random, 6)}${hex(random, 6)}`;
}

/** `digits` random hex digits, at most 12. */
function hex(random: Random, digits: number): string {
  return Math.floor(random() * 16 ** digits)
    .toString(16)
    .padStart(digits, '0');
}

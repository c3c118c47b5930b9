/** Chance that can be repeated: the same numbers for the same seed and name, in any process. */
import type { Random } from './clock.ts';

/** Numbers in [0, 1). `name` tells apart who draws, so that nobody's draws depend on another's. */
export function seededRandom(seed: number, name: string): Random {
  let state = seed >>> 0;
  // FNV-1a over the name, then mulberry32: short, well spread, and no secret hangs on it.
  for (let index = 0; index < name.length; index++)
    state = Math.imul(state ^ name.charCodeAt(index), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One sequence for each name, which goes on from draw to draw. */
export function seededRandoms(seed: number): (name: string) => Random {
  let sequences: Map<string, Random> | undefined; // few runs draw from any
  return (name) => {
    sequences ??= new Map();
    const sequence = sequences.get(name) ?? seededRandom(seed, name);
    sequences.set(name, sequence);
    return sequence;
  };
}

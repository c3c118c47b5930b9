/**
 * Gives each run that is played its own way through a recording.
 *
 * A run follows the recorded run that has its request and that the fewest follow; where that one lacks a
 * later request, another that has it as well. So any number of runs at once play one recording, and none
 * uses up another's answers. Within a run, equal requests are answered in the recorded order.
 */
import { stableStringify } from '../base/json.ts';
import type { Recording, Track } from './cassette-file.ts';

export type Found =
  | { readonly is: 'track'; readonly track: Track }
  /** What was recorded in the place of what is asked. */
  | { readonly is: 'drift'; readonly expected: Track }
  | { readonly is: 'missing' };

export type Asked = Pick<Track, 'model' | 'request'>;

interface RecordedRun {
  readonly tracks: readonly Track[];
  readonly keys: readonly string[];
  /** How many runs follow it. */
  follows: number;
}

/** One run that follows one recorded run. */
interface Follower {
  readonly recorded: RecordedRun;
  readonly played: Set<number>;
}

export class CassettePlayer {
  readonly #runs: readonly RecordedRun[];
  readonly #followers = new Map<string, Follower[]>();

  constructor({ runs }: Recording) {
    this.#runs = runs.map((tracks) => ({ tracks, keys: tracks.map(keyOf), follows: 0 }));
  }

  find(runId: string, asked: Asked): Found {
    const key = keyOf(asked);
    const followers = this.#followers.get(runId) ?? [];
    this.#followers.set(runId, followers);
    for (const { recorded, played } of followers) {
      const index = recorded.keys.findIndex((one, at) => one === key && !played.has(at));
      const track = recorded.tracks[index];
      if (track === undefined) continue;
      played.add(index);
      return { is: 'track', track };
    }
    const recorded = this.#choose(key, followers);
    if (recorded !== undefined) {
      recorded.follows++;
      followers.push({ recorded, played: new Set() });
      return this.find(runId, asked);
    }
    const rest = followers.flatMap(({ recorded: { tracks }, played }) =>
      tracks.filter((_, index) => !played.has(index)),
    );
    return mostLike(followers.length > 0 ? rest : this.#runs.flatMap(({ tracks }) => tracks), asked);
  }

  /** One that has `key`, and is not followed by this run already: then its answers to it are used up. */
  #choose(key: string, followers: readonly Follower[]): RecordedRun | undefined {
    let chosen: RecordedRun | undefined;
    for (const run of this.#runs) {
      if (!run.keys.includes(key) || followers.some(({ recorded }) => recorded === run)) continue;
      if (chosen === undefined || run.follows < chosen.follows) chosen = run;
    }
    return chosen;
  }
}

function mostLike(tracks: readonly Track[], asked: Asked): Found {
  const text = keyOf(asked);
  let expected: Track | undefined;
  let best = -1;
  for (const track of tracks) {
    const other = keyOf(track);
    const likeness = commonStart(text, other) + (track.model === asked.model ? 1 : 0);
    if (likeness > best) {
      expected = track;
      best = likeness;
    }
  }
  return expected === undefined ? { is: 'missing' } : { is: 'drift', expected };
}

function commonStart(one: string, other: string): number {
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  return same;
}

function keyOf({ model, request }: Asked): string {
  return stableStringify([model, request]);
}

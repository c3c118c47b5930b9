/**
 * Makes a conversation shorter, in the order of what is missed least: old results of tools, then the newest
 * ones where they alone are too long, then older turns, which are summed up or left out.
 *
 * What opens the conversation and its latest turn stay, and no result of a tool loses its call, nor a call
 * its result.
 */
import type { Message, ToolMessage } from '../protocol/message.ts';
import { clip } from './clip.ts';
import type { Gauge } from './gauge.ts';

/** A message, and whether it must stay. */
export interface Held {
  readonly message: Message;
  readonly isPinned: boolean;
}

/** Sums messages up in at most `maxTokens`; null where that failed. */
export type Summarise = (messages: readonly Message[], maxTokens: number) => Promise<string | null>;

export interface TrimOptions {
  readonly gauge: Gauge;
  /** Tokens that the messages should take. More stays only where nothing can be left out. */
  readonly target: number;
  readonly summarise: Summarise;
}

export interface Trimmed {
  readonly held: readonly Held[];
  /** Results of tools that were shortened. */
  readonly shortened: number;
  /** Messages that a summary stands for, and those that are gone. */
  readonly summarised: number;
  readonly dropped: number;
}

/** A result is not made shorter than this. */
const MIN_RESULT_TOKENS = 100;
/** A summary at most, and what a summary must save to be worth a call. */
const SUMMARY_TOKENS = 1000;
/** Below this a summary says nothing. */
const MIN_SUMMARY_TOKENS = 50;

export async function trim(given: readonly Held[], options: TrimOptions): Promise<Trimmed> {
  const { gauge, target, summarise } = options;
  const sizeOf = (held: readonly Held[]): number => gauge.messages(held.map(({ message }) => message));
  const latest = latestTurn(given);
  const older = shortenResults(given, { gauge, excess: sizeOf(given) - target, from: 0, to: latest });
  const must = older.held.filter(({ isPinned }, index) => isPinned || index >= latest);
  const excess = sizeOf(must) - target;
  const { held, count } = shortenResults(older.held, { gauge, excess, from: latest, to: given.length });
  const shortened = older.count + count;
  const kept = { held, shortened, summarised: 0, dropped: 0 };
  if (sizeOf(held) <= target) return kept;

  const removable = held.filter(({ isPinned }, index) => !isPinned && index < latest);
  if (removable.length === 0) return kept;
  const staying = sizeOf(held) - sizeOf(removable);
  const room = Math.min(SUMMARY_TOKENS, target - staying - FRAME_TOKENS);
  if (room >= MIN_SUMMARY_TOKENS && sizeOf(removable) >= 2 * room) {
    const messages = removable.map(({ message }) => message);
    const text = await summarise(messages, room - gauge.text(SUMMARY_HEAD));
    if (text !== null) {
      const summary = replace(held, removable, `${SUMMARY_HEAD}${text}`);
      return { held: summary, shortened, summarised: removable.length, dropped: 0 };
    }
  }
  const dropped = oldestTurns(removable, sizeOf(held) + MARK_TOKENS - target, sizeOf);
  return {
    held: replace(held, dropped, markOf(dropped.length)),
    shortened,
    summarised: 0,
    dropped: dropped.length,
  };
}

const SUMMARY_HEAD = 'Summary of earlier parts of the conversation, to fit the context window:\n';
const FRAME_TOKENS = 8;
const MARK_TOKENS = 60;

function markOf(count: number): string {
  return `[${count} earlier messages were left out, to fit the context window.]`;
}

/** Where the last answer of the model begins, with all that came after it; the end where there is none. */
function latestTurn(held: readonly Held[]): number {
  const at = held.findLastIndex(({ message, isPinned }) => message.role === 'assistant' && !isPinned);
  // A history that the task stands behind has no turn of this work in it.
  return at === -1 || held.slice(at).some(({ isPinned }) => isPinned) ? held.length : at;
}

interface Shortening {
  readonly gauge: Gauge;
  /** Tokens to be saved. */
  readonly excess: number;
  readonly from: number;
  readonly to: number;
}

/** The largest first, and of equal ones the oldest, each no shorter than it must be. */
function shortenResults(
  given: readonly Held[],
  { gauge, excess, from, to }: Shortening,
): { readonly held: readonly Held[]; readonly count: number } {
  const held = [...given];
  const results = held.flatMap(({ message }, index) =>
    message.role === 'tool' && index >= from && index < to
      ? [{ index, message, tokens: gauge.text(message.content) }]
      : [],
  );
  results.sort((one, other) => other.tokens - one.tokens); // the sort is stable, so the oldest stay first
  let left = excess;
  let count = 0;
  for (const { index, message, tokens } of results) {
    if (left <= 0 || tokens <= MIN_RESULT_TOKENS) break;
    const content = clip(message.content, Math.max(MIN_RESULT_TOKENS, tokens - left), gauge);
    const saved = tokens - gauge.text(content);
    if (saved <= 0) continue;
    const short: ToolMessage = Object.freeze({ ...message, content });
    held[index] = { message: short, isPinned: false };
    left -= saved;
    count++;
  }
  return { held, count };
}

/** As many of the oldest turns as save `excess` tokens: all of them if need be. */
function oldestTurns(
  removable: readonly Held[],
  excess: number,
  sizeOf: (held: readonly Held[]) => number,
): readonly Held[] {
  let end = 0;
  let saved = 0;
  while (end < removable.length && (saved < excess || removable[end]?.message.role === 'tool')) {
    saved += sizeOf(removable.slice(end, end + 1));
    end++; // results go with the call before them
  }
  return removable.slice(0, end);
}

/** One message of the user in place of `removed`, where the first of them stood. */
function replace(held: readonly Held[], removed: readonly Held[], content: string): readonly Held[] {
  const gone = new Set(removed);
  const [first] = removed;
  const mark: Held = { message: Object.freeze({ role: 'user', content }), isPinned: false };
  return held.flatMap((one) => (one === first ? [mark] : gone.has(one) ? [] : [one]));
}

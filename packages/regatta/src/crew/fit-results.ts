/**
 * Results of earlier tasks within a number of tokens: the oldest are cut first, and a cut is always marked.
 *
 * Tokens are estimated by characters: the limit holds for the estimate, not for a provider's own count.
 */
import { joinResults } from '../context/prompt.ts';

export interface EarlierResult {
  readonly task: string;
  readonly text: string;
}

/** As estimates everywhere. */
const CHARS_PER_TOKEN = 4;
/** Less of a text says nothing, and its heading costs as much. */
const MIN_SHOWN_CHARS = 40;

/**
 * What `joinResults` makes of them has at most 4 × `maxTokens` characters. `maxTokens` is at least 50, or
 * undefined for no limit.
 */
export function fitResults(
  results: readonly EarlierResult[],
  maxTokens: number | undefined,
): readonly EarlierResult[] {
  if (maxTokens === undefined) return results;
  const maxChars = maxTokens * CHARS_PER_TOKEN;
  if (lengthOf(results) <= maxChars) return results;
  for (let from = 0; from < results.length; from++) {
    const kept = results.slice(from + 1);
    const left = leftOut(from);
    const [whole, cut] = [results[from] as EarlierResult, shorten(results[from] as EarlierResult, 0)]; // below the length
    const room = maxChars - lengthOf([...left, cut, ...kept]);
    if (room >= Math.min(MIN_SHOWN_CHARS, whole.text.length)) {
      return [...left, shorten(whole, room), ...kept];
    }
    if (lengthOf([...leftOut(from + 1), ...kept]) <= maxChars) return [...leftOut(from + 1), ...kept];
  }
  return leftOut(results.length);
}

function lengthOf(results: readonly EarlierResult[]): number {
  return joinResults(results).length;
}

/** The first `chars` characters; half a surrogate pair is no character. */
function shorten({ task, text }: EarlierResult, chars: number): EarlierResult {
  if (text.length <= chars) return { task, text };
  const head = text.slice(0, chars).replace(/[\uD800-\uDBFF]$/, '');
  return { task, text: `${head}\n[… cut here: ${pad(text.length - head.length)} more characters]` };
}

/** Of one length, so that the mark does not grow with what is cut. */
function pad(count: number): string {
  return String(count).padStart(9);
}

function leftOut(count: number): readonly EarlierResult[] {
  return count === 0 ? [] : [{ task: 'earlier tasks', text: `[… results of ${count} tasks are left out]` }];
}

/** Shortens texts, so that everybody sees where something is missing. */
import type { Gauge } from './gauge.ts';

/** Of what is kept, the part that stands at the beginning: there is what it is about. */
const HEAD = 0.7;

/**
 * `text` if it takes at most `maxTokens`, else its beginning and its end with a mark between them. Never
 * shorter than the mark itself.
 */
export function clip(text: string, maxTokens: number, gauge: Gauge): string {
  const tokens = gauge.text(text);
  if (tokens <= maxTokens) return text;
  // Tokens are not spread evenly, so what was cut by length is measured, and cut again while it is too long.
  let kept = Math.floor((text.length * maxTokens) / tokens);
  while (kept > 0) {
    const cut = cutTo(text, kept);
    const size = gauge.text(cut);
    if (size <= maxTokens) return cut;
    kept = Math.min(Math.floor((kept * maxTokens) / size), Math.floor(kept * 0.9));
  }
  return cutTo(text, 0);
}

function cutTo(text: string, kept: number): string {
  const head = safeEnd(text, Math.ceil(kept * HEAD));
  const tail = safeStart(text, text.length - Math.floor(kept * (1 - HEAD)));
  const missing = tail - head;
  const mark = `[… ${missing} of ${text.length} characters left out, to fit the context window …]`;
  return [text.slice(0, head), mark, text.slice(tail)].filter((piece) => piece !== '').join('\n');
}

/** Half of a surrogate pair is no character, and some providers refuse it. */
function safeEnd(text: string, at: number): number {
  return isInPair(text, at) ? at - 1 : at;
}

function safeStart(text: string, at: number): number {
  return isInPair(text, at) ? at + 1 : at;
}

function isInPair(text: string, at: number): boolean {
  return at > 0 && at < text.length && /[\uD800-\uDBFF]/.test(text[at - 1] as string); // `at` is inside
}

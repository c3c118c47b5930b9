/**
 * Text for terminals: what others wrote without their control codes, cut and filled to a width.
 *
 * Widths are columns of a terminal, which are not characters: 日 takes two, and a combining mark none.
 */
import { stripVTControlCharacters } from 'node:util';

const CONTROL = /[^\P{Cc}\n\t]/gu;
const ASCII = /^[\x20-\x7e]*$/;
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}])/u;

/** `text` without the password of a connection string that was written where none belongs. */
export function hidePasswords(text: string): string {
  return text.replace(/(postgres(?:ql)?:\/+[^\s@/]*?:)[^\s/]*@/gi, '$1…@');
}

/** `text` without escape sequences and control characters; line breaks and tabs stay. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, '');
}

/** `text`, clean, on one line. */
export function oneLine(text: string): string {
  return clean(text).replace(/\s+/g, ' ').trim();
}

/** `text` on one line of at most `chars` characters. */
export function shorten(text: string, chars: number): string {
  const line = oneLine(text);
  return line.length > chars ? `${line.slice(0, chars - 1).trimEnd()}…` : line;
}

/** Columns that `text` takes. It must be clean. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  return graphemesOf(text).reduce((width, grapheme) => width + graphemeWidth(grapheme), 0);
}

/** `text`, clean, in exactly `width` columns: filled with blanks, or cut with an ellipsis. */
export function fit(text: string, width: number): string {
  const line = oneLine(text);
  const missing = width - widthOf(line);
  if (missing >= 0) return line + ' '.repeat(missing);
  if (width <= 0) return '';
  return fill(graphemesOf(line), width);
}

/** As `fit`, with the blanks before the text. */
export function fitRight(text: string, width: number): string {
  const cut = fit(text, width);
  const trimmed = cut.trimEnd();
  return ' '.repeat(cut.length - trimmed.length) + trimmed;
}

/** As many graphemes as leave a column for the ellipsis. */
function fill(graphemes: readonly string[], width: number): string {
  let text = '';
  let used = 0;
  for (const grapheme of graphemes) {
    const columns = graphemeWidth(grapheme);
    if (used + columns > width - 1) break;
    text += grapheme;
    used += columns;
  }
  return `${text}…${' '.repeat(width - 1 - used)}`;
}

function graphemesOf(text: string): readonly string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

function graphemeWidth(grapheme: string): number {
  return WIDE.test(grapheme) || grapheme.includes('\ufe0f') ? 2 : 1;
}

/** Where something stands in a file, so that whoever wrote it can go there. */

/** A file that was read. */
export interface Source {
  /** From the project's folder, with slashes. */
  readonly file: string;
  readonly text: string;
}

/** Line and column count from 1. */
export interface Place {
  readonly source: Source;
  readonly line: number;
  readonly column: number;
}

/** Characters of a line that are shown. */
const SHOWN_CHARS = 120;
/** A line that may hold a secret is not repeated: what is shown gets into logs. */
const SECRET = /(api_?key|secret|passw|credential|authorization|bearer|(?:access|auth)_?token)/i;

/** The line of `place` with a mark under its column; undefined when it should not be shown. */
export function excerptOf({ source, line, column }: Place): string | undefined {
  const text = (source.text.split('\n')[line - 1] ?? '').replaceAll('\t', ' ').trimEnd();
  if (text.trim() === '' || SECRET.test(text)) return undefined;
  const start = column - 1 < SHOWN_CHARS ? 0 : column - 1 - SHOWN_CHARS / 2;
  const shown = text.slice(start, start + SHOWN_CHARS);
  const margin = `${String(line).padStart(5)} | `;
  return `${margin}${shown}\n${' '.repeat(margin.length - 2)}| ${' '.repeat(column - 1 - start)}^`;
}

/** Text of a file, or some lines of it, as much as may be read at once. */
import { ToolError } from '../ports/tool-error.ts';
import type { ConfinedFolder } from './confined-folder.ts';

export interface Reading {
  readonly path: string;
  /** From 1, both included. */
  readonly startLine?: number;
  readonly endLine?: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

const CHUNK_BYTES = 65_536;

/** @throws RegattaError `tool/confined`; ToolError `not-found`, `not-a-file`, `not-text`. */
export async function readText(folder: ConfinedFolder, reading: Reading): Promise<string> {
  const { path, startLine = 1, endLine = Number.POSITIVE_INFINITY, maxBytes, signal } = reading;
  if (endLine < startLine) {
    throw new ToolError(`endLine ${endLine} is before startLine ${startLine}. Correct one.`, {
      code: 'bad-range',
    });
  }
  const handle = await folder.openFile(path);
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const buffer = Buffer.alloc(CHUNK_BYTES);
    const cut = new Lines(startLine, endLine, maxBytes);
    while (!cut.isDone) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES);
      const chunk = buffer.subarray(0, bytesRead);
      if (chunk.includes(0)) throw notText(path);
      cut.take(decode(decoder, chunk, bytesRead > 0, path));
      if (bytesRead === 0) break;
    }
    return cut.text();
  } finally {
    await handle.close();
  }
}

function decode(
  decoder: InstanceType<typeof TextDecoder>,
  chunk: Uint8Array,
  stream: boolean,
  path: string,
): string {
  try {
    return decoder.decode(chunk, { stream });
  } catch {
    throw notText(path); // a fatal decoder throws for nothing else
  }
}

function notText(path: string): ToolError {
  return new ToolError(`"${path}" is not text in UTF-8. This tool reads no other.`, { code: 'not-text' });
}

/** The lines of a range, as they come in pieces. */
class Lines {
  readonly #start: number;
  readonly #end: number;
  #left: number;
  /** Of the next character. */
  #line = 1;
  #kept = '';
  #isCut = false;
  /** Whether the last line that there is has no end. */
  #isOpen = false;
  isDone = false;

  constructor(start: number, end: number, maxBytes: number) {
    this.#start = start;
    this.#end = end;
    this.#left = maxBytes;
  }

  take(text: string): void {
    let at = 0;
    while (at < text.length && !this.isDone) {
      const newline = text.indexOf('\n', at);
      const end = newline === -1 ? text.length : newline + 1;
      if (this.#line >= this.#start) this.#keep(text.slice(at, end));
      at = end;
      this.#isOpen = newline === -1;
      if (newline !== -1 && !this.#isCut && ++this.#line > this.#end) this.isDone = true;
    }
  }

  #keep(piece: string): void {
    const bytes = Buffer.byteLength(piece);
    if (bytes <= this.#left) {
      this.#kept += piece;
      this.#left -= bytes;
      return;
    }
    // Without the character that the cut may go through.
    this.#kept += Buffer.from(piece)
      .subarray(0, this.#left)
      .toString()
      .replace(/\uFFFD+$/, '');
    this.#isCut = true;
    this.isDone = true;
  }

  text(): string {
    if (this.#isCut) return `${this.#kept}\n[Cut in line ${this.#line}. Go on with startLine ${this.#line}.]`;
    if (this.#line >= this.#start && (this.#kept !== '' || this.#start === 1)) return this.#kept;
    return `[There is no line ${this.#start}: the file has ${this.#isOpen ? this.#line : this.#line - 1}.]`;
  }
}

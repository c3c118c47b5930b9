/**
 * Lines at the bottom of a terminal that are drawn again and again in place.
 *
 * What is printed meanwhile scrolls above them. The cursor comes back however the process ends.
 */
import { clean, widthOf } from './text.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_LINE = '\x1b[K';

/** The part of a terminal that is used here. */
export interface Terminal {
  readonly columns: number;
  write(text: string): unknown;
}

export class Screen implements Disposable {
  readonly #terminal: Terminal;
  #lines: readonly string[] = [];
  #isOpen = false;
  readonly #restore = (): void => this[Symbol.dispose]();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Replaces the lines. None may be wider than the terminal. */
  draw(lines: readonly string[]): void {
    const opening = this.#open();
    this.#terminal.write(opening + this.#up() + written(lines) + CLEAR_BELOW);
    this.#lines = lines;
  }

  /** Writes `text` above the lines. It must end with a line break. */
  print(text: string): void {
    if (!this.#isOpen) this.#terminal.write(text);
    else
      this.#terminal.write(
        this.#up() + written([...text.slice(0, -1).split('\n'), ...this.#lines]) + CLEAR_BELOW,
      );
  }

  /** Leaves the lines as they are and gives the cursor back. Idempotent. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#lines = [];
    process.off('exit', this.#restore);
    this.#terminal.write(SHOW_CURSOR);
  }

  #open(): string {
    if (this.#isOpen) return '';
    this.#isOpen = true;
    process.on('exit', this.#restore);
    return HIDE_CURSOR;
  }

  /** To the start of the first line. A terminal that became narrower has wrapped the lines. */
  #up(): string {
    const columns = Math.max(1, this.#terminal.columns);
    const rows = this.#lines.reduce(
      (all, line) => all + Math.max(1, Math.ceil(widthOf(clean(line)) / columns)),
      0,
    );
    return rows > 0 ? `\r\x1b[${rows}A` : '\r';
  }
}

/** Each line clears what stood in its place: clearing all of it first would flicker. */
function written(lines: readonly string[]): string {
  return lines.map((line) => `${line}${CLEAR_LINE}\n`).join('');
}

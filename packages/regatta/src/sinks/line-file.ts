/**
 * Lines in a file, in the order in which they come; a line is never split by another.
 *
 * A write that fails rejects for each line in it, and the next lines are tried anew.
 */
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One writer at a time, which takes all lines that wait. */
export class LineFile {
  readonly #path: string;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #hasFolder = false;
  /** After a failed write the file may end within a line. */
  #isBroken = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Settles when the line is in the file. */
  append(line: string): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      if (this.#isWriting) return;
      this.#isWriting = true;
      void this.#drain(); // never rejects: whoever waits for a line is told
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(batch.map(({ line }) => `${line}\n`).join(''));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    // In the same synchronous segment as the test for emptiness: a line pushed in between would stay.
    this.#isWriting = false;
  }

  async #write(text: string): Promise<void> {
    if (!this.#hasFolder) {
      await mkdir(dirname(this.#path), { recursive: true });
      this.#hasFolder = true;
    }
    const whole = this.#isBroken ? `\n${text}` : text;
    this.#isBroken = true;
    await appendFile(this.#path, whole);
    this.#isBroken = false;
  }
}

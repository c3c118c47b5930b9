/**
 * Each event as a line of JSON in a file: complete, with contents, in the order in which events come.
 *
 * Lines of many runs may be in one file; a line is never split by another. A write that fails rejects
 * for each event in it, so that the audit counts them, and the next events are tried anew.
 */
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { AdaptedCallback } from '../ports/callback.ts';
import type { RunEvent } from '../protocol/event.ts';
import { isWanted, type Outcomes } from './outcome.ts';

export interface JsonlSinkOptions {
  /** With one outcome only its ends are written. @default 'both' */
  readonly outcomes?: Outcomes;
}

/** Appends to `file`, and makes it and its folders with the first event. Relative to the working directory of now. */
export function jsonlSink(file: string, { outcomes = 'both' }: JsonlSinkOptions = {}): AdaptedCallback {
  const path = resolve(file);
  const lines = new LineFile(path);
  return Object.freeze({
    name: 'jsonl',
    key: `sink:jsonl:${path}`,
    on: null,
    observe: (event: RunEvent) =>
      isWanted(event, outcomes) ? lines.append(JSON.stringify(event)) : undefined,
  });
}

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One writer at a time, which takes all lines that wait. */
class LineFile {
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

/**
 * Each event as a line of JSON in a file: complete, with contents, in the order in which events come.
 *
 * Lines of many runs may be in one file; a line is never split by another. A write that fails rejects
 * for each event in it, so that the audit counts them, and the next events are tried anew.
 */
import { resolve } from 'node:path';
import type { AdaptedCallback } from '../ports/callback.ts';
import type { RunEvent } from '../protocol/event.ts';
import { LineFile } from './line-file.ts';
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

/** The events of runs in a file: as lines of JSON, or as the lines that people read. */
import { resolve } from 'node:path';
import type { AdaptedCallback } from '../ports/callback.ts';
import { consoleSink } from './console.ts';
import { jsonlSink } from './jsonl.ts';
import { LineFile } from './line-file.ts';

/** A name that ends in `.jsonl` means JSON. The file and its folders are made with the first line. */
export function logFileSink(file: string): AdaptedCallback {
  if (file.endsWith('.jsonl')) return jsonlSink(file);
  const path = resolve(file);
  const lines = new LineFile(path);
  const sink = consoleSink({ write: (line) => lines.append(line.trimEnd()) });
  return Object.freeze({ ...sink, name: 'log-file', key: `sink:log-file:${path}` });
}

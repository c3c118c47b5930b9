/** What is on a cassette: requests and what they were answered, by run, as JSON that people read. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RegattaError } from '../base/errors.ts';
import { isJsonObject, type Json, type JsonObject, parseJson } from '../base/json.ts';
import type { Takes } from '../ports/model.ts';

const FORMAT = 'regatta/cassette@1';

/** One request of a model, and its end. */
export interface Track {
  /** `provider/model`. */
  readonly model: string;
  readonly request: JsonObject;
  /** A `ModelReply` or an `EmbedReply`, or what was thrown: `code`, `message`, `details`. */
  readonly reply: JsonObject | null;
  readonly error: JsonObject | null;
}

export interface RecordedModel {
  readonly takesSchema: Takes | null;
  /** Absent = never. */
  readonly takesJson?: Takes;
  /** Of an embedder. Absent = any number. */
  readonly maxTexts?: number;
}

export interface Recording {
  /** What a model says of itself, by its name. */
  readonly models: Readonly<Record<string, RecordedModel>>;
  /** The tracks of each run, in the order in which its requests were made. */
  readonly runs: readonly (readonly Track[])[];
}

/** Undefined when there is no file. @throws RegattaError `cassette/bad-file`. */
export async function readRecording(file: string): Promise<Recording | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw badFile(file, 'cannot be read', error);
  }
  const value = parseJson(text);
  if (!isRecording(value)) throw badFile(file, `is no cassette of the format ${FORMAT}`, undefined);
  return value as unknown as Recording; // its shape was looked at, down to what is played
}

/** Whole or not at all: a reader never finds half a file. @throws RegattaError `cassette/bad-file`. */
export async function writeRecording(file: string, { models, runs }: Recording): Promise<void> {
  const text = `${JSON.stringify({ format: FORMAT, models, runs }, null, 2)}\n`;
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined); // the first failure is the one to tell
    throw badFile(file, 'cannot be written', error);
  }
}

function isRecording(value: Json | undefined): boolean {
  if (!isJsonObject(value) || value.format !== FORMAT || !isJsonObject(value.models)) return false;
  const isTrack = (track: Json): boolean =>
    isJsonObject(track) &&
    typeof track.model === 'string' &&
    isJsonObject(track.request) &&
    (isJsonObject(track.reply) || isJsonObject(track.error));
  const { runs } = value;
  return Array.isArray(runs) && runs.every((run) => Array.isArray(run) && run.every(isTrack));
}

function badFile(file: string, what: string, cause: unknown): RegattaError {
  return new RegattaError(
    'cassette/bad-file',
    `The cassette "${file}" ${what}. Name another file, or delete this one and record anew.`,
    { file },
    { cause },
  );
}

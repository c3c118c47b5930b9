/** Files that go into a prompt, as they are given: by path, by URL, or as bytes. */
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { messageOf, RegattaError } from '../base/errors.ts';
import { Problems } from '../base/problems.ts';
import type { FilePart, TextPart } from '../protocol/message.ts';
import { mediaTypeOf } from './media-type.ts';

/** A path, an `http(s):`, `data:` or `file:` URL, or bytes; with its media type where it cannot be seen. */
export type InputFile = string | URL | Uint8Array | InputFileOptions;

export interface InputFileOptions {
  readonly data: string | URL | Uint8Array;
  /** IANA media type. @default by the name's extension, else by the first bytes */
  readonly mediaType?: string;
}

/** Plain data: it crosses threads, and bytes are copied when it is made. */
export interface FileSource {
  readonly kind: 'path' | 'url' | 'base64';
  readonly value: string;
  readonly mediaType: string | null;
}

/** By name, which the model is told. */
export type FileSources = Readonly<Record<string, FileSource>>;

const NO_FILES: FileSources = Object.freeze({});

export function toFileSources(files: Readonly<Record<string, InputFile>> = {}): FileSources {
  return Object.freeze(
    Object.fromEntries(Object.entries(files).map(([name, file]) => [name, toSource(file)])),
  );
}

/** Likewise, checked. @throws RegattaError `definition/invalid`; `owner` names whose they are. */
export function openFiles(
  files: Readonly<Record<string, InputFile>> | undefined,
  owner: string,
): FileSources {
  if (files === undefined) return NO_FILES;
  const sources = toFileSources(files);
  const problems = new Problems(owner);
  checkFiles(problems, sources);
  problems.throwIfAny();
  return sources;
}

function toSource(file: InputFile): FileSource {
  const isBare = typeof file === 'string' || file instanceof URL || file instanceof Uint8Array;
  const { data, mediaType = null } = isBare ? { data: file } : (file ?? {});
  if (data instanceof Uint8Array) {
    return Object.freeze({ kind: 'base64', value: Buffer.from(data).toString('base64'), mediaType });
  }
  const text = data instanceof URL ? data.href : data;
  const isRemote = /^(https?|data):/i.test(String(text));
  return Object.freeze({ kind: isRemote ? 'url' : 'path', value: text as string, mediaType }); // checked by `checkFiles`
}

export function checkFiles(problems: Problems, files: FileSources): void {
  for (const [name, { value, mediaType }] of Object.entries(files)) {
    problems.text(`inputFiles.${name}`, value);
    if (mediaType !== null && !/^[\w.+-]+\/[\w.+-]+$/.test(mediaType)) {
      problems.add(
        `inputFiles.${name}.mediaType`,
        mediaType,
        `inputFiles.${name}.mediaType must be a media type, got "${mediaType}". Write it as "image/png".`,
      );
    }
  }
}

/**
 * Reads the files, as parts of a user message. Texts become text, so that every model can read them;
 * what is at a URL is fetched by the provider.
 *
 * @throws RegattaError `file/not-readable` or `file/unknown-type`.
 */
export async function readFiles(files: FileSources): Promise<readonly (TextPart | FilePart)[]> {
  return await Promise.all(Object.entries(files).map(([name, source]) => toPart(name, source)));
}

async function toPart(
  name: string,
  { kind, value, mediaType: given }: FileSource,
): Promise<TextPart | FilePart> {
  if (kind === 'url') return urlPart(name, value, given);
  const bytes = kind === 'base64' ? Buffer.from(value, 'base64') : await read(name, value);
  const path = kind === 'path' ? value : name;
  const mediaType = given ?? mediaTypeOf(extname(path), bytes) ?? unknownType(name);
  if (mediaType.startsWith('text/') || mediaType === 'application/json') {
    return { type: 'text', text: `File "${name}":\n\n${new TextDecoder().decode(bytes)}` };
  }
  const filename = kind === 'path' ? basename(value) : name;
  return { type: 'file', mediaType, data: { base64: bytes.toString('base64') }, filename };
}

function urlPart(name: string, url: string, given: string | null): FilePart {
  const inline = /^data:([^;,]+)?(;[^,]*)?,/i.exec(url);
  const path = inline === null ? new URL(url).pathname : name;
  const mediaType = given ?? inline?.[1] ?? mediaTypeOf(extname(path)) ?? unknownType(name);
  if (inline?.[2]?.toLowerCase().endsWith(';base64')) {
    return { type: 'file', mediaType, data: { base64: url.slice(inline[0].length) }, filename: name };
  }
  return { type: 'file', mediaType, data: { url }, filename: name };
}

async function read(name: string, path: string): Promise<Buffer> {
  try {
    return await readFile(/^file:/i.test(path) ? new URL(path) : path);
  } catch (error) {
    throw new RegattaError(
      'file/not-readable',
      `Input file "${name}" cannot be read: ${messageOf(error)}. Correct its path, relative to the working directory.`,
      { name, path },
      { cause: error },
    );
  }
}

function unknownType(name: string): never {
  throw new RegattaError(
    'file/unknown-type',
    `What input file "${name}" is cannot be seen from its name or its first bytes. Give it as { data, mediaType }.`,
    { name },
  );
}

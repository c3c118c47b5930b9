/** What a file is: by its name's extension, else by its first bytes. */

const BY_EXTENSION: Readonly<Record<string, string>> = Object.freeze({
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  pdf: 'application/pdf',
  json: 'application/json',
  txt: 'text/plain',
  log: 'text/plain',
  yaml: 'text/plain',
  yml: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  xml: 'text/xml',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  mp4: 'video/mp4',
});

/** First bytes, as Latin-1. */
const BY_MAGIC: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[\s\S]{4}WEBP/, 'image/webp'],
  [/^RIFF[\s\S]{4}WAVE/, 'audio/wav'],
  [/^%PDF-/, 'application/pdf'],
];
const MAGIC_BYTES = 16;

/** `extension` with its dot, or ''. Undefined when neither tells. Bytes without zeros that are UTF-8 are text. */
export function mediaTypeOf(extension: string, bytes?: Uint8Array): string | undefined {
  const known = BY_EXTENSION[extension.slice(1).toLowerCase()];
  if (known !== undefined || bytes === undefined) return known;
  const head = Buffer.from(bytes.subarray(0, MAGIC_BYTES)).toString('latin1');
  return BY_MAGIC.find(([magic]) => magic.test(head))?.[1] ?? (isText(bytes) ? 'text/plain' : undefined);
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false; // not UTF-8, which is an answer here
  }
}

/** Strings that fit a JSON Schema, and say what they are for. */
import type { JsonObject } from '../base/json.ts';
import { fitsPattern, samplePattern } from './sample-pattern.ts';

/** One valid value for each format of JSON Schema and of Zod. */
const BY_FORMAT: Readonly<Record<string, string>> = {
  date: '2026-01-15',
  'date-time': '2026-01-15T09:30:00Z',
  time: '09:30:00Z',
  duration: 'P1D',
  email: 'sample@example.com',
  'idn-email': 'sample@example.com',
  hostname: 'example.com',
  'idn-hostname': 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  cidrv4: '192.0.2.0/24',
  cidrv6: '2001:db8::/32',
  uri: 'https://example.com/sample',
  'uri-reference': '/sample',
  'uri-template': '/sample/{id}',
  iri: 'https://example.com/sample',
  'iri-reference': '/sample',
  url: 'https://example.com/sample',
  uuid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  guid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  'json-pointer': '/sample',
  'relative-json-pointer': '1/sample',
  regex: '^sample$',
  base64: 'c2FtcGxl',
  base64url: 'c2FtcGxl',
  e164: '+14155550100',
  cuid: 'cjld2cjxh0000qzrmn831i7rn',
  cuid2: 'tz4a98xxat96iws9zmbrgj3a',
  nanoid: 'V1StGXR8_Z5jdHi6B-myT',
  ulid: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  xid: '9m4e2mr0ui3e8a215n4g',
  ksuid: '0ujtsYcgvSTl8PAuAdqWYSMnLOv',
  emoji: '🚣',
};

/** Names of strings that ask what the task is about. */
const TOPICAL =
  /^(query|queries|topic|question|input|text|prompt|search|search_?query|task|subject|message)$/i;

/** A schema may ask for any length; a rehearsal need not follow it into the megabytes. */
const MOST_CHARS = 10_000;

export interface StringPlace {
  /** In its array: items differ. */
  readonly index: number;
  readonly topic: string;
}

export function sampleString(schema: JsonObject, name: string, { index, topic }: StringPlace): string {
  const { format, pattern, minLength, maxLength } = schema;
  const least = typeof minLength === 'number' ? Math.min(minLength, MOST_CHARS) : 0;
  const most = typeof maxLength === 'number' ? maxLength : Number.POSITIVE_INFINITY;
  const formatted = typeof format === 'string' ? BY_FORMAT[format] : undefined;
  if (formatted !== undefined && (typeof pattern !== 'string' || fitsPattern(formatted, pattern)))
    return formatted;
  const text = TOPICAL.test(name) && topic !== '' ? topic : `sample ${words(name)}`;
  const plain = cut(pad(index > 0 ? `${text} ${index + 1}` : text, least), most);
  if (typeof pattern !== 'string' || fitsPattern(plain, pattern)) return plain;
  for (const repeat of [Math.max(1, index + 1), least, 8, 2, 1, 0]) {
    const sample = samplePattern(pattern, repeat);
    if (sample !== undefined && sample.length >= least && sample.length <= most) return sample;
  }
  return plain;
}

/** `maxResults` and `max_results` read `max results`. */
function words(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase();
}

/** Lengths count characters, not UTF-16 units. */
function cut(text: string, most: number): string {
  const chars = [...text];
  return chars.length > most ? chars.slice(0, most).join('') : text;
}

function pad(text: string, least: number): string {
  return [...text].length >= least
    ? text
    : `${text} ${text.repeat(Math.ceil(least / text.length))}`.slice(0, least);
}

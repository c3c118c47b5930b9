/**
 * What is known of a failed call, read from whatever was thrown.
 *
 * Errors of the AI SDK packages are told by their names, not by `instanceof`: the packages are loaded
 * late, may be loaded twice, and adopted models bring their own.
 */
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../base/json.ts';

export interface Failure {
  /** HTTP status, or what an error inside a 200 says or means instead; null when no answer came. */
  readonly status: number | null;
  /** The provider's own words, or those of whoever threw. */
  readonly message: string;
  /** The more telling of the provider's code and type. */
  readonly providerCode: string | null;
  /** Code, type and message together. */
  readonly said: string;
  readonly retryAfterMs: number | null;
  /** Names and codes of the error and of all its causes, such as `AI_JSONParseError`, `ECONNRESET`. */
  readonly marks: ReadonlySet<string>;
  /** The innermost cause with a code of the runtime: a failed connection. */
  readonly cause: Error | undefined;
}

/** What errors inside a stream are called, and the status they would have had. */
const STATUS_BY_WORD: readonly (readonly [RegExp, number])[] = [
  [/insufficient_quota|rate_limit/i, 429],
  [/authentication/i, 401],
  [/permission/i, 403],
  [/not_found/i, 404],
  [/overloaded_error/i, 529],
  [/overloaded|unavailable/i, 503],
  [/timeout/i, 504],
  [/invalid|bad_request|context_length|content_filter/i, 400],
  [/server_error|api_error|internal/i, 500],
];

/** `now`: milliseconds since the epoch, for dates in headers. */
export function readFailure(error: unknown, now: number): Failure {
  const fields = asRecord(error);
  const body = readBody(fields.responseBody) ?? asBody(fields.data);
  // Codes of a thrown Error are the runtime's; those of an object in a stream are the provider's.
  const said = findError(body) ?? (error instanceof Error ? {} : fields);
  const names = [said.code, said.type, said.status].filter((name) => typeof name === 'string');
  const message = firstText(said.message, body?.message, body?.detail, fields.message) ?? String(error);
  return {
    status: readStatus(fields, said) ?? statusByWord(names) ?? asStatus(fields.statusCode) ?? null,
    message,
    providerCode: names.find((name) => !/^\d+$/.test(name)) ?? firstText(said.code, said.type),
    said: [...names, message].join(' '),
    retryAfterMs: readRetryAfter(fields.responseHeaders, now) ?? readRetryDelay(said.details),
    ...readCauses(error),
  };
}

/** OpenRouter answers 200 and tells the status in the body. */
function readStatus(fields: JsonObject, said: JsonObject): number | undefined {
  const statuses = [fields.statusCode, said.code, said.status_code, said.status].map(asStatus);
  return statuses.find((status) => status !== undefined && status >= 400);
}

function statusByWord(names: readonly string[]): number | undefined {
  return STATUS_BY_WORD.find(([word]) => names.some((name) => word.test(name)))?.[1];
}

function readCauses(error: unknown): Pick<Failure, 'marks' | 'cause'> {
  const marks = new Set<string>();
  let cause: Error | undefined;
  // Ten is deeper than any chain in use, and ends a circular one.
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    marks.add(at.name);
    if (!('code' in at) || typeof at.code !== 'string') continue;
    marks.add(at.code);
    cause = at;
  }
  return { marks, cause };
}

/** Error bodies are JSON, a list with one in it, or one event of a stream. */
function readBody(text: unknown): JsonObject | undefined {
  if (typeof text !== 'string') return undefined;
  const event = /^data: *(\{.*)$/m.exec(text)?.[1];
  return asBody(parseJson(text) ?? (event === undefined ? undefined : parseJson(event)));
}

function asBody(value: Json | undefined): JsonObject | undefined {
  const body = Array.isArray(value) ? value[0] : value;
  return isJsonObject(body) ? body : undefined;
}

/** `{ error: {…} }` nearly everywhere; `{ error: 'text' }`, `{ response: { error } }` or bare elsewhere. */
function findError(body: JsonObject | undefined): JsonObject | undefined {
  if (!body) return undefined;
  if (isJsonObject(body.error)) return body.error;
  if (typeof body.error === 'string') return { message: body.error };
  if (isJsonObject(body.response) && isJsonObject(body.response.error)) return body.response.error;
  return 'message' in body ? body : undefined;
}

/** `retry-after-ms` is OpenAI's; `retry-after` is seconds or a date (RFC 9110, 10.2.3). */
function readRetryAfter(headers: Json | undefined, now: number): number | null {
  if (!isJsonObject(headers)) return null;
  const ms = numberIn(headers['retry-after-ms']);
  if (ms !== undefined) return Math.max(0, Math.round(ms));
  const value = headers['retry-after'];
  const seconds = numberIn(value);
  const delayMs = seconds === undefined ? Date.parse(String(value)) - now : seconds * 1000;
  return Number.isNaN(delayMs) ? null : Math.max(0, Math.round(delayMs));
}

/** Gemini tells it in the body: `{ "@type": "…RetryInfo", "retryDelay": "34s" }`. */
function readRetryDelay(details: Json | undefined): number | null {
  if (!Array.isArray(details)) return null;
  for (const detail of details) {
    const seconds = isJsonObject(detail) ? Number.parseFloat(String(detail.retryDelay)) : Number.NaN;
    if (!Number.isNaN(seconds)) return Math.round(seconds * 1000);
  }
  return null;
}

function numberIn(value: Json | undefined): number | undefined {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined;
}

function asStatus(value: Json | undefined): number | undefined {
  const status = Number(value ?? Number.NaN);
  return Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}

function firstText(...values: readonly (Json | undefined)[]): string | null {
  for (const value of values) {
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return null;
}

/** Thrown things carry more than JSON; whatever is read of them here is checked where it is read. */
function asRecord(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

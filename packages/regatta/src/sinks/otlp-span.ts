/** A finished span, before it is written as JSON or protobuf. Ids are made of ours, so a repeat is the same span. */
import { createHash } from 'node:crypto';

/** `double` where OpenTelemetry's conventions want one although the number may be whole. */
export type AttributeValue = string | number | boolean | readonly string[] | { readonly double: number };

/** Null and undefined say nothing and are not written. */
export type Attributes = Readonly<Record<string, AttributeValue | null | undefined>>;

export interface SpanEvent {
  readonly name: string;
  readonly timeMs: number;
  readonly attributes: Attributes;
}

export interface OtlpSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits, as the next one. */
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** A call of the outside is a client's. */
  readonly kind: 'internal' | 'client';
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** The message of a failure. */
  readonly error: string | null;
}

/** A run's id is a UUID: its 16 bytes. */
export function toTraceId(runId: string): string {
  const hex = runId.replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(hex) ? hex : hashOf(runId, 32);
}

/** Ours are paths and as long as they must be: the first 8 bytes of a hash. */
export function toSpanId(id: string): string {
  return hashOf(id, 16);
}

function hashOf(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** Nanoseconds since the epoch. */
export function toNanos(ms: number): bigint {
  return BigInt(Math.trunc(ms)) * 1_000_000n;
}

/** About how many characters a span takes when it is written. */
export function sizeOf({ attributes, events, name }: OtlpSpan): number {
  let size = 200 + name.length;
  for (const record of [attributes, ...events.map((event) => event.attributes)]) {
    for (const [key, value] of Object.entries(record)) {
      size +=
        key.length +
        (typeof value === 'string' ? value.length : Array.isArray(value) ? value.join().length : 20);
    }
  }
  return size;
}

export type WrittenValue = Exclude<Attributes[string], null | undefined>;

export function writtenAttributes(
  attributes: Attributes,
): readonly (readonly [key: string, value: WrittenValue])[] {
  return Object.entries(attributes).filter(
    (entry): entry is [string, WrittenValue] => entry[1] !== null && entry[1] !== undefined,
  );
}

/**
 * OTLP's trace request and its answer, as JSON and as protobuf (opentelemetry-proto 1.x,
 * trace_service.proto). Most vendors take both; some only protobuf.
 */
import { isJsonObject, parseJson } from '../base/json.ts';
import { SCHEMA_URL } from './genai-attributes.ts';
import {
  type Attributes,
  type OtlpSpan,
  toNanos,
  type WrittenValue,
  writtenAttributes,
} from './otlp-span.ts';
import { ProtobufWriter, readFields } from './protobuf.ts';

export type OtlpEncoding = 'json' | 'protobuf';

export const CONTENT_TYPES: Readonly<Record<OtlpEncoding, string>> = Object.freeze({
  json: 'application/json',
  protobuf: 'application/x-protobuf',
});

const SCOPE = 'regatta';
const KINDS = Object.freeze({ internal: 1, client: 3 });
const STATUS_ERROR = 2;

export function encodeTraces(
  encoding: OtlpEncoding,
  resource: Attributes,
  spans: readonly OtlpSpan[],
): string | Uint8Array<ArrayBuffer> {
  return encoding === 'json' ? toJson(resource, spans) : toProtobuf(resource, spans);
}

export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** What a collector says of spans that it refused although it took the request. */
export function readPartialSuccess(encoding: OtlpEncoding, body: Uint8Array): PartialSuccess {
  return encoding === 'json' ? fromJson(body) : fromProtobuf(body);
}

function toJson(resource: Attributes, spans: readonly OtlpSpan[]): string {
  const scopeSpans = [{ scope: { name: SCOPE }, spans: spans.map(jsonSpan), schemaUrl: SCHEMA_URL }];
  return JSON.stringify({
    resourceSpans: [
      { resource: { attributes: jsonAttributes(resource) }, scopeSpans, schemaUrl: SCHEMA_URL },
    ],
  });
}

/** 64-bit numbers are texts, ids hex, enums numbers: OTLP's own rules for JSON. */
function jsonSpan(span: OtlpSpan): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId === null ? {} : { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: String(toNanos(span.startMs)),
    endTimeUnixNano: String(toNanos(span.endMs)),
    attributes: jsonAttributes(span.attributes),
    events: span.events.map(({ name, timeMs, attributes }) => ({
      timeUnixNano: String(toNanos(timeMs)),
      name,
      attributes: jsonAttributes(attributes),
    })),
    ...(span.error === null ? {} : { status: { code: STATUS_ERROR, message: span.error } }),
  };
}

function jsonAttributes(attributes: Attributes): readonly object[] {
  return writtenAttributes(attributes).map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: WrittenValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if ('double' in value) return { doubleValue: value.double };
  return { arrayValue: { values: value.map(jsonValue) } };
}

function toProtobuf(resource: Attributes, spans: readonly OtlpSpan[]): Uint8Array<ArrayBuffer> {
  return new ProtobufWriter()
    .message(1, (resourceSpans) =>
      resourceSpans
        .message(1, (message) => writeAttributes(message, { field: 1, attributes: resource }))
        .message(2, (scopeSpans) => {
          scopeSpans.message(1, (scope) => scope.text(1, SCOPE));
          for (const span of spans) scopeSpans.message(2, (message) => writeSpan(message, span));
          scopeSpans.text(3, SCHEMA_URL);
        })
        .text(3, SCHEMA_URL),
    )
    .finish();
}

function writeSpan(message: ProtobufWriter, span: OtlpSpan): void {
  message.bytes(1, Buffer.from(span.traceId, 'hex')).bytes(2, Buffer.from(span.spanId, 'hex'));
  if (span.parentSpanId !== null) message.bytes(4, Buffer.from(span.parentSpanId, 'hex'));
  message.text(5, span.name).varint(6, KINDS[span.kind]);
  message.fixed64(7, toNanos(span.startMs)).fixed64(8, toNanos(span.endMs));
  writeAttributes(message, { field: 9, attributes: span.attributes });
  for (const { name, timeMs, attributes } of span.events) {
    message.message(11, (event) =>
      writeAttributes(event.fixed64(1, toNanos(timeMs)).text(2, name), { field: 3, attributes }),
    );
  }
  const { error } = span;
  if (error !== null) message.message(15, (status) => status.text(2, error).varint(3, STATUS_ERROR));
}

function writeAttributes(
  message: ProtobufWriter,
  { field, attributes }: { readonly field: number; readonly attributes: Attributes },
): void {
  for (const [key, value] of writtenAttributes(attributes)) {
    message.message(field, (pair) => pair.text(1, key).message(2, (any) => writeValue(any, value)));
  }
}

function writeValue(any: ProtobufWriter, value: WrittenValue): void {
  if (typeof value === 'string') any.text(1, value);
  else if (typeof value === 'boolean') any.varint(2, value ? 1 : 0);
  else if (typeof value === 'number') Number.isInteger(value) ? any.varint(3, value) : any.double(4, value);
  else if ('double' in value) any.double(4, value.double);
  else any.message(5, (array) => writeItems(array, value));
}

function writeItems(array: ProtobufWriter, items: readonly string[]): void {
  for (const item of items) array.message(1, (any) => writeValue(any, item));
}

const ALL_TAKEN: PartialSuccess = Object.freeze({ rejected: 0, message: '' });

/** Some vendors answer with a body of their own: only what is OTLP's counts. */
function fromJson(body: Uint8Array): PartialSuccess {
  const answer = parseJson(new TextDecoder().decode(body));
  const partial = isJsonObject(answer) ? answer.partialSuccess : undefined;
  if (!isJsonObject(partial)) return ALL_TAKEN;
  const rejected = Number(partial.rejectedSpans ?? 0);
  return { rejected: Number.isFinite(rejected) ? rejected : 0, message: String(partial.errorMessage ?? '') };
}

function fromProtobuf(body: Uint8Array): PartialSuccess {
  const [partial] = readFields(body)?.get(1) ?? [];
  if (!(partial instanceof Uint8Array)) return ALL_TAKEN;
  const fields = readFields(partial);
  const [rejected] = fields?.get(1) ?? [];
  const [message] = fields?.get(2) ?? [];
  return {
    rejected: typeof rejected === 'bigint' ? Number(rejected) : 0,
    message: message instanceof Uint8Array ? new TextDecoder().decode(message) : '',
  };
}

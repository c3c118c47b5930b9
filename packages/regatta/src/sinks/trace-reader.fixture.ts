/** Reads what was posted to a collector, in either encoding. */
import type { Received } from './collector.fixture.ts';
import { readFields } from './protobuf.ts';

export interface ReadTrace {
  readonly resource: Readonly<Record<string, string>>;
  readonly spans: readonly { readonly name: string; readonly attributes: Readonly<Record<string, string>> }[];
}

/** Attributes that are texts; the others have other tests. */
export function readTrace({ body, headers }: Received): ReadTrace {
  return headers['content-type'] === 'application/json' ? fromJson(body) : fromProtobuf(body);
}

interface Pair {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}
interface JsonRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Pair[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly { readonly name: string; readonly attributes: readonly Pair[] }[];
    }[];
  }[];
}

function fromJson(body: Buffer): ReadTrace {
  const part = first((JSON.parse(body.toString()) as JsonRequest).resourceSpans);
  const texts = (pairs: readonly Pair[]): Record<string, string> =>
    Object.fromEntries(
      pairs.flatMap(({ key, value }) => (value.stringValue === undefined ? [] : [[key, value.stringValue]])),
    );
  return {
    resource: texts(part.resource.attributes),
    spans: first(part.scopeSpans).spans.map(({ name, attributes }) => ({
      name,
      attributes: texts(attributes),
    })),
  };
}

function fromProtobuf(body: Buffer): ReadTrace {
  const part = first(messages(body, 1));
  const texts = (pairs: readonly Uint8Array[]): Record<string, string> =>
    Object.fromEntries(
      pairs.flatMap((pair) => {
        const [text] = messages(first(messages(pair, 2)), 1);
        return text === undefined ? [] : [[textOf(first(messages(pair, 1))), textOf(text)]];
      }),
    );
  return {
    resource: texts(messages(first(messages(part, 1)), 1)),
    spans: messages(first(messages(part, 2)), 2).map((span) => ({
      name: textOf(first(messages(span, 5))),
      attributes: texts(messages(span, 9)),
    })),
  };
}

function messages(bytes: Uint8Array, field: number): readonly Uint8Array[] {
  return (readFields(bytes)?.get(field) ?? []) as readonly Uint8Array[];
}

function textOf(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error('The request lacks a part.');
  return item;
}

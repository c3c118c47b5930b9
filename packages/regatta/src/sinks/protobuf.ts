/** As much of the protobuf wire format as OTLP's messages need (protobuf.dev/programming-guides/encoding). */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Writes the fields of one message in the order of the calls. */
export class ProtobufWriter {
  readonly #chunks: Uint8Array[] = [];

  /** Integers below 2^64, enums and booleans. */
  varint(field: number, value: bigint | number): this {
    this.#chunks.push(varintOf((field << 3) | VARINT), varintOf(BigInt.asUintN(64, BigInt(value))));
    return this;
  }

  fixed64(field: number, value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    this.#chunks.push(varintOf((field << 3) | FIXED64), bytes);
    return this;
  }

  double(field: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#chunks.push(varintOf((field << 3) | FIXED64), bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#chunks.push(varintOf((field << 3) | LENGTH), varintOf(value.length), value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, write: (message: ProtobufWriter) => unknown): this {
    const message = new ProtobufWriter();
    write(message);
    return this.bytes(field, message.finish());
  }

  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(Buffer.concat(this.#chunks));
  }
}

function varintOf(value: bigint | number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** A field's value: the bytes of a text or message, or a number as it is on the wire. */
export type FieldValue = bigint | Uint8Array;

/** The values of each field, in order. Undefined for bytes that are no message. */
export function readFields(bytes: Uint8Array): ReadonlyMap<number, readonly FieldValue[]> | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new Map<number, FieldValue[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(view.readUInt8(at++));
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > view.length) throw new RangeError('The message ends within a field.');
    at += length;
    return view.subarray(at - length, at);
  };
  try {
    while (at < view.length) {
      const key = Number(varint());
      const field = key >> 3;
      const values = fields.get(field) ?? [];
      fields.set(field, values);
      if ((key & 7) === VARINT) values.push(varint());
      else if ((key & 7) === FIXED64) values.push(take(8).readBigUInt64LE());
      else if ((key & 7) === LENGTH) values.push(take(Number(varint())));
      else if ((key & 7) === FIXED32) values.push(BigInt(take(4).readUInt32LE()));
      else return undefined;
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined; // cut off, which is an answer here
    throw error;
  }
  return fields;
}

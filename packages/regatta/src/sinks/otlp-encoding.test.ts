import { expect, test } from 'vitest';
import { encodeTraces, readPartialSuccess } from './otlp-encoding.ts';
import type { OtlpSpan } from './otlp-span.ts';
import { ProtobufWriter, readFields } from './protobuf.ts';

const span: OtlpSpan = {
  traceId: '01935f3c7a10700080000123456789ab',
  spanId: '00f067aa0ba902b7',
  parentSpanId: '1122334455667788',
  name: 'chat é',
  kind: 'client',
  startMs: 1_800_000_000_000,
  endMs: 1_800_000_000_020,
  attributes: {
    text: 'x',
    whole: 300,
    negative: -5,
    part: 0.5,
    yes: true,
    list: ['a', 'b'],
    temperature: { double: 1 },
    none: null,
  },
  events: [{ name: 'retry', timeMs: 1_800_000_000_010, attributes: { attempt: 1 } }],
  error: 'Busy.',
};
const resource = { 'service.name': 'regatta' };

/**
 * These bytes were read and written again, unchanged, by opentelemetry-proto 1.45.2 (PyPI), and are
 * for it the same message as the JSON form below.
 */
const BYTES =
  '0af1020a1b0a190a0c736572766963652e6e616d6512090a077265676174746112a8020a090a077265676174746112f1010a1001935f3c7a10700080000123456789ab120800f067aa0ba902b7220811223344556677882a076368617420c3a93003390000b49376e2fa1841002de59476e2fa184a0b0a047465787412030a01784a0c0a0577686f6c65120318ac024a170a086e65676174697665120b18fbffffffffffffffff014a110a0470617274120921000000000000e03f4a090a03796573120210014a140a046c697374120c2a0a0a030a01610a030a01624a180a0b74656d7065726174757265120921000000000000f03f5a1f0980964c9476e2fa18120572657472791a0d0a07617474656d7074120218017a091205427573792e18021a2768747470733a2f2f6f70656e74656c656d657472792e696f2f736368656d61732f312e34312e301a2768747470733a2f2f6f70656e74656c656d657472792e696f2f736368656d61732f312e34312e30';

test('a request in protobuf is what OpenTelemetry itself writes', () => {
  expect(Buffer.from(encodeTraces('protobuf', resource, [span]) as Uint8Array).toString('hex')).toBe(BYTES);
});

test('a request in JSON follows the rules of OTLP: hex ids, 64-bit numbers as texts, enums as numbers', () => {
  expect(JSON.parse(encodeTraces('json', resource, [span]) as string)).toEqual({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'regatta' } }] },
        scopeSpans: [
          {
            scope: { name: 'regatta' },
            schemaUrl: 'https://opentelemetry.io/schemas/1.41.0',
            spans: [
              {
                traceId: '01935f3c7a10700080000123456789ab',
                spanId: '00f067aa0ba902b7',
                parentSpanId: '1122334455667788',
                name: 'chat é',
                kind: 3,
                startTimeUnixNano: '1800000000000000000',
                endTimeUnixNano: '1800000000020000000',
                attributes: [
                  { key: 'text', value: { stringValue: 'x' } },
                  { key: 'whole', value: { intValue: '300' } },
                  { key: 'negative', value: { intValue: '-5' } },
                  { key: 'part', value: { doubleValue: 0.5 } },
                  { key: 'yes', value: { boolValue: true } },
                  {
                    key: 'list',
                    value: { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] } },
                  },
                  { key: 'temperature', value: { doubleValue: 1 } },
                ],
                events: [
                  {
                    timeUnixNano: '1800000000010000000',
                    name: 'retry',
                    attributes: [{ key: 'attempt', value: { intValue: '1' } }],
                  },
                ],
                status: { code: 2, message: 'Busy.' },
              },
            ],
          },
        ],
        schemaUrl: 'https://opentelemetry.io/schemas/1.41.0',
      },
    ],
  });
});

test('bytes that are no message are no news, wherever they are cut', () => {
  const whole = new ProtobufWriter().message(1, (partial) => partial.varint(1, 300).text(2, 'why')).finish();
  expect(readPartialSuccess('protobuf', whole)).toEqual({ rejected: 300, message: 'why' });
  for (let end = 1; end < whole.length; end++) {
    expect(readPartialSuccess('protobuf', whole.subarray(0, end)).rejected).toBe(0);
  }
  expect(readFields(Uint8Array.of(0x0b))).toBeUndefined(); // a group, which OTLP never writes
});

test('numbers of all sizes are read as they were written', () => {
  for (const value of [0n, 127n, 128n, 2n ** 53n, 2n ** 64n - 1n]) {
    const bytes = new ProtobufWriter().varint(1, value).fixed64(2, value).finish();
    expect(readFields(bytes)).toEqual(
      new Map([
        [1, [value]],
        [2, [value]],
      ]),
    );
  }
});

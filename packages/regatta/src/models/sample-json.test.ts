import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../base/json.ts';
import { sampleJson } from './sample-json.ts';

function isValid(schema: JsonObject, value: unknown): boolean {
  return new Validator(structuredClone(schema), '2020-12', true).validate(value).valid;
}

const NODE: JsonObject = {
  type: 'object',
  properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
  required: ['name', 'children'],
};

describe('a sample fits', () => {
  it.each<[string, JsonObject]>([
    ['everything', {}],
    ['const', { const: { a: [1] } }],
    ['enum', { enum: ['red', 'green'] }],
    ['a type of several', { type: ['null', 'integer'] }],
    ['nullable by anyOf', { anyOf: [{ type: 'string', minLength: 3 }, { type: 'null' }] }],
    ['text lengths', { type: 'string', minLength: 40, maxLength: 41 }],
    ['short text', { type: 'string', maxLength: 3 }],
    ['pattern', { type: 'string', pattern: '^[A-Z]{3}-\\d{4}$' }],
    ['pattern with alternatives', { type: 'string', pattern: '^(?:cat|dog)s?(_[a-f0-9]+)*$' }],
    ['pattern and length', { type: 'string', pattern: '^[a-z]+$', minLength: 12, maxLength: 12 }],
    ['integer range', { type: 'integer', minimum: 3, maximum: 4 }],
    ['open range', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.25 }],
    ['negative range', { type: 'integer', maximum: -5 }],
    ['multiples', { type: 'integer', minimum: 10, multipleOf: 7 }],
    ['fractions', { type: 'number', multipleOf: 0.1, minimum: 0.25 }],
    ['items', { type: 'array', items: { type: 'integer' }, minItems: 3, uniqueItems: true }],
    ['unique texts', { type: 'array', items: { type: 'string' }, minItems: 4, uniqueItems: true }],
    [
      'unique of an enum',
      { type: 'array', items: { enum: ['a', 'b', 'c'] }, minItems: 3, uniqueItems: true },
    ],
    ['no items', { type: 'array', maxItems: 0, items: { type: 'string' } }],
    [
      'a tuple',
      { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false, minItems: 2 },
    ],
    ['contains', { type: 'array', contains: { const: 7 } }],
    ['required without a schema', { type: 'object', required: ['a', 'b'] }],
    ['a map', { type: 'object', additionalProperties: { type: 'integer' }, minProperties: 2 }],
    ['named keys', { type: 'object', propertyNames: { pattern: '^x-' }, minProperties: 1 }],
    ['closed', { type: 'object', properties: { a: { type: 'boolean' } }, additionalProperties: false }],
    [
      'allOf',
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
          { properties: { b: { const: 2 } }, required: ['b'] },
        ],
      },
    ],
    [
      'oneOf where the first alternative fits twice',
      { oneOf: [{ type: 'number' }, { type: 'integer' }, { type: 'string' }] },
    ],
    [
      'anyOf beside properties',
      {
        type: 'object',
        properties: { a: { type: 'string' } },
        anyOf: [{ required: ['a'] }, { required: ['b'] }],
      },
    ],
    [
      'a reference',
      {
        $defs: { city: { type: 'string', minLength: 2 } },
        type: 'array',
        items: { $ref: '#/$defs/city' },
        minItems: 1,
      },
    ],
    ['an older reference', { definitions: { 'a/b': { type: 'integer' } }, $ref: '#/definitions/a~1b' }],
    ['recursion', { $defs: { node: NODE }, $ref: '#/$defs/node' }],
    [
      'recursion through alternatives',
      {
        $defs: {
          list: {
            anyOf: [
              { type: 'object', properties: { next: { $ref: '#/$defs/list' } }, required: ['next'] },
              { type: 'null' },
            ],
          },
        },
        $ref: '#/$defs/list',
      },
    ],
    ['not', { type: 'string', not: { const: 'sample value' }, examples: ['other'] }],
    ['a default that does not fit', { type: 'integer', default: 'none' }],
    ['an example that fits', { type: 'string', examples: ['Oslo'] }],
  ])('%s', async (_, schema) => {
    const value = await sampleJson(schema);
    expect(isValid(schema, value), JSON.stringify(value)).toBe(true);
    expect(await sampleJson(schema)).toEqual(value);
  });

  it.each<[string, z.ZodType]>([
    [
      'dates',
      z.object({ on: z.iso.date(), at: z.iso.datetime(), time: z.iso.time(), lasts: z.iso.duration() }),
    ],
    [
      'formats',
      z.object({
        a: z.email(),
        b: z.url(),
        c: z.uuid(),
        d: z.ipv4(),
        e: z.ipv6(),
        f: z.base64(),
        g: z.e164(),
      }),
    ],
    [
      'ids',
      z.object({ a: z.cuid2(), b: z.ulid(), c: z.nanoid(), d: z.guid(), e: z.cidrv4(), f: z.base64url() }),
    ],
    [
      'texts',
      z.object({
        a: z.string().min(2).max(4),
        b: z.string().regex(/^v\d+\.\d+$/),
        c: z.string().startsWith('id_'),
      }),
    ],
    [
      'numbers',
      z.object({
        a: z.int().positive(),
        b: z.number().min(0).max(1),
        c: z.number().multipleOf(5).min(7),
        d: z.int32(),
      }),
    ],
    [
      'optional and nullable',
      z.object({ a: z.string().optional(), b: z.number().nullable(), c: z.boolean().default(true) }),
    ],
    [
      'unions',
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('a'), x: z.number() }),
        z.object({ kind: z.literal('b') }),
      ]),
    ],
    ['records', z.record(z.string(), z.array(z.number()))],
    ['records of an enum', z.record(z.enum(['low', 'high']), z.number())],
    ['tuples', z.tuple([z.string(), z.number()])],
    ['intersections', z.intersection(z.object({ a: z.string() }), z.object({ b: z.number() }))],
    ['strict and loose', z.object({ a: z.strictObject({ b: z.literal(['x', 'y']) }), c: z.looseObject({}) })],
    [
      'nested',
      z.object({
        people: z.array(z.object({ name: z.string(), tags: z.array(z.enum(['a', 'b'])).min(1) })).nonempty(),
      }),
    ],
  ])('Zod: %s', async (_, type) => {
    for (const target of ['draft-07', 'draft-2020-12'] as const) {
      const value = await sampleJson(z.toJSONSchema(type, { target, io: 'input' }) as JsonObject); // a JSON Schema is JSON
      expect(type.safeParse(value), JSON.stringify(value)).toMatchObject({ success: true });
    }
  });

  it('any schema of these kinds', async () => {
    const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        fc.record({ type: fc.constant('string'), minLength: fc.nat(30) }),
        fc.record({ type: fc.constant('string'), maxLength: fc.nat(30) }),
        fc
          .tuple(fc.integer({ min: -99, max: 99 }), fc.nat(50))
          .map(([minimum, more]) => ({ type: 'integer', minimum, maximum: minimum + more })),
        fc.record({ type: fc.constant('number'), exclusiveMinimum: fc.integer({ min: -9, max: 9 }) }),
        fc.record({ enum: fc.array(fc.jsonValue(), { minLength: 1 }) }) as fc.Arbitrary<JsonObject>,
        fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(3) }),
        fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
        fc
          .dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('schema'), { maxKeys: 4 })
          .chain((properties) =>
            fc
              .subarray(Object.keys(properties))
              .map((required) => ({ type: 'object', properties, required, additionalProperties: false })),
          ),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(schema, async (given) => {
        expect(isValid(given, await sampleJson(given))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

it('names what a text is for, and puts the topic where it is asked for', async () => {
  const properties = Object.fromEntries(
    ['query', 'topic', 'cityName', 'max_results'].map((name) => [name, { type: 'string' }]),
  );
  expect(await sampleJson({ type: 'object', properties }, { topic: 'Rowing on the Thames' })).toEqual({
    query: 'Rowing on the Thames',
    topic: 'Rowing on the Thames',
    cityName: 'sample city name',
    max_results: 'sample max results',
  });
  expect(
    await sampleJson(
      { type: 'object', properties: { query: { type: 'string', maxLength: 6 } } },
      { topic: 'Rowing on' },
    ),
  ).toEqual({ query: 'Rowing' });
});

it('gives something for a schema that nothing fits', async () => {
  expect(await sampleJson({ type: 'integer', minimum: 5, maximum: 1 })).toBeTypeOf('number');
});

it('ends for schemas that ask for too much', async () => {
  const itself = { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] };
  const huge = { type: 'array', items: { type: 'string', minLength: 1e12 }, minItems: 1e9 };
  for (const schema of [
    itself,
    huge,
    { type: 'integer', minimum: 1e15, maximum: 0 },
    { type: 'string', pattern: 'a{99999}' },
  ]) {
    expect(await sampleJson(schema)).toBeDefined();
  }
});

it('lets no schema that cannot be read stop the rehearsal', async () => {
  expect(await sampleJson({ type: 'string', pattern: '^\\-a$' })).toBe('-a');
  expect(await sampleJson({ type: 'string', pattern: '(?i)abc' })).toBe('sample value');
  expect(await sampleJson({ $ref: '#/$defs/self', $defs: { self: { $ref: '#/$defs/self' } } })).toBeDefined();
});

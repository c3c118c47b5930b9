import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deepFreeze, extractJson, type Json, stableStringify, toJson } from './json.ts';

test.each([
  ['{"a": 1}', { a: 1 }],
  ['  [1, 2] ', [1, 2]],
  ['Sure!\n```json\n{"a": "}"}\n```\nDone.', { a: '}' }],
  ['The answer is {"a": {"b": "\\"{"}} as asked.', { a: { b: '"{' } }],
  ['{broken} then {"a": 2}', { a: 2 }],
  ['no json here', undefined],
  ['{"a": ', undefined],
  ['', undefined],
] as const)('the JSON value in %j is found', (text, value) => {
  expect(extractJson(text)).toEqual(value);
});

test('whatever JSON stands in prose is found again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.object({ maxDepth: 2 }), fc.array(fc.string())), (value) => {
      const json = toJson(value);
      expect(extractJson(`Here it is: ${JSON.stringify(json)} . Bye`)).toEqual(json);
    }),
  );
});

test('equal values have one text, whatever the order of their keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(stableStringify(toJson(turned))).toBe(stableStringify(toJson(value)));
      expect(isDeepStrictEqual(JSON.parse(stableStringify(toJson(value))), toJson(value))).toBe(true);
    }),
  );
});

test('deepFreeze freezes what is inside, and toJson copies before it does', () => {
  const given = { list: [{ a: 1 }] };
  const copy = toJson(given) as { list: Json[] };
  expect(Object.isFrozen(given.list)).toBe(false);
  expect(Object.isFrozen(copy.list[0])).toBe(true);
  expect(Object.isFrozen(deepFreeze(given).list[0])).toBe(true);
});

test('toJson gives what a way through JSON text gives, frozen', () => {
  const values = fc.anything({
    withDate: true,
    withBoxedValues: true,
    withNullPrototype: true,
    withSparseArray: true,
    withMap: true,
  });
  fc.assert(
    fc.property(values, (value) => {
      const text = JSON.stringify(value);
      const json = toJson(value);
      expect(json).toEqual(text === undefined ? null : JSON.parse(text));
      expect(JSON.stringify(json)).toBe(text ?? 'null');
      expect(Object.isFrozen(json)).toBe(true);
    }),
  );
  expect(toJson({ toJSON: (key: string) => `<${key}>` })).toBe('<>');
  expect(toJson({ a: [{ toJSON: (key: string) => key }] })).toEqual({ a: ['0'] });
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  expect(() => toJson(cycle)).toThrow(TypeError);
  expect(() => toJson({ big: 1n })).toThrow(TypeError);
});

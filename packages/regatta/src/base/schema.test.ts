import { expect, test } from 'vitest';
import { z } from 'zod';
import { createContract } from './schema.ts';

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1 },
    boats: { type: 'array', items: { $ref: '#/$defs/boat' } },
  },
  required: ['name'],
  additionalProperties: false,
  $defs: { boat: { type: 'object', properties: { sail: { type: 'integer' } }, required: ['sail'] } },
};

test('a JSON Schema is applied, its references too, and the caller keeps it as it was', async () => {
  const { parse, jsonSchema } = createContract(person, 'Task "x"');
  expect(await parse({ name: 'Ada', boats: [{ sail: 7 }] })).toEqual({
    isValid: true,
    value: { name: 'Ada', boats: [{ sail: 7 }] },
  });
  const bad = await parse({ name: 'Ada', boats: [{ sail: 'x' }], oars: 2 });
  expect(bad.isValid).toBe(false);
  expect(JSON.stringify(bad)).toMatch(/boats\.0\.sail.*integer/);
  expect(jsonSchema).toEqual(person);
  expect(Object.isFrozen(person)).toBe(false);
});

test('a Zod schema is shown as JSON Schema of its input, and gives its output', async () => {
  const { parse, jsonSchema } = createContract(
    z.object({ when: z.string().transform((text) => new Date(text)) }),
    'Task "x"',
  );
  expect(jsonSchema).toMatchObject({
    type: 'object',
    properties: { when: { type: 'string' } },
    required: ['when'],
  });
  expect(await parse({ when: '2026-01-01' })).toEqual({
    isValid: true,
    value: { when: new Date('2026-01-01') },
  });
  expect(await parse({ when: 5 })).toMatchObject({
    isValid: false,
    problems: [{ field: 'when', value: '5' }],
  });
});

test.each([
  [null, null],
  ['text', null],
  [{ '~standard': { version: 1, vendor: 'valibot', validate: () => ({ value: 1 }) } }, 'valibot'],
])('a schema that no model can be shown is refused with the mend: %j', (schema, vendor) => {
  expect(() => createContract(schema as never, 'Task "x"')).toThrow(
    expect.objectContaining({
      code: 'schema/unsupported',
      details: { subject: 'Task "x"', vendor },
    }) as Error,
  );
});

test('a part that JSON Schema cannot say is refused with the mend, not with an error of the vendor', () => {
  expect(() => createContract(z.object({ when: z.date() }), 'Task "x"')).toThrow(
    expect.objectContaining({
      code: 'schema/unsupported',
      details: { subject: 'Task "x"', vendor: 'zod' },
    }) as Error,
  );
});

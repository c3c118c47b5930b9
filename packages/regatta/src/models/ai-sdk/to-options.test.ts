import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import type { ModelRequest, ModelSettings } from '../../ports/model.ts';
import { createFakeModel } from '../fixtures/fake-model.fixture.ts';
import { isStrict } from './strict-schema.ts';
import { type StructuredOutput, toFixedOptions, toOptions } from './to-options.ts';

const SETTINGS: ModelSettings = {
  timeoutMs: 1000,
  retry: { maxAttempts: 1, minDelayMs: 0, maxDelayMs: 0, retry: 'always' },
};
const REQUEST: ModelRequest = {
  messages: [{ role: 'user', content: 'hi' }],
  tools: [],
  toolChoice: 'auto',
  output: null,
  attempt: 1,
};
const SCHEMA: JsonObject = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
};
const TOOL = { name: 'add', description: 'Adds.', inputSchema: SCHEMA };
const { model } = createFakeModel('v4', {});

it('passes the settings under their names, and nothing that was not set', () => {
  const fixed = toFixedOptions(
    {
      ...SETTINGS,
      temperature: 0,
      topP: 0.5,
      maxTokens: 10,
      stop: ['END'],
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      headers: { 'x-team': 'red' },
      providerOptions: { openai: { user: 'u' } },
    },
    { openai: { store: false, user: 'default' } },
  );
  expect(fixed).toEqual({
    temperature: 0,
    topP: 0.5,
    maxOutputTokens: 10,
    stopSequences: ['END'],
    seed: 7,
    presencePenalty: 0.1,
    frequencyPenalty: 0.2,
    headers: { 'x-team': 'red' },
    providerOptions: { openai: { store: false, user: 'u' } },
  });
  expect(toFixedOptions(SETTINGS, {})).toEqual({});
});

it('offers tools with the choice, and no choice without tools', () => {
  const options = { model, structured: null };
  expect(toOptions({ ...REQUEST, tools: [TOOL], toolChoice: 'none' }, {}, options)).toMatchObject({
    tools: [{ type: 'function', name: 'add', description: 'Adds.', inputSchema: SCHEMA }],
    toolChoice: { type: 'none' },
  });
  expect(toOptions(REQUEST, {}, options)).not.toHaveProperty('toolChoice');
});

describe('a schema for the answer', () => {
  const output = { name: 'answer', schema: SCHEMA };
  const format = (structured: StructuredOutput | null, tools: ModelRequest['tools']) =>
    toOptions({ ...REQUEST, output, tools }, {}, { model, structured }).responseFormat;

  it.each<[StructuredOutput | null, boolean, boolean]>([
    [{ besideTools: true }, true, true],
    [{ besideTools: false }, true, false],
    [null, false, false],
  ])('%o: sent without tools %s, with tools %s', (structured, without, beside) => {
    const sent = { type: 'json', name: 'answer', schema: SCHEMA };
    expect(format(structured, [])).toEqual(without ? sent : undefined);
    expect(format(structured, [TOOL])).toEqual(beside ? sent : undefined);
  });

  it('is called strict only if it is, and the user has the last word', () => {
    const structured: StructuredOutput = { besideTools: true, strictUnder: 'openai' };
    const strictness = (schema: JsonObject, fixed = {}) =>
      toOptions({ ...REQUEST, output: { name: 'a', schema } }, fixed, { model, structured }).providerOptions;
    expect(strictness(SCHEMA)).toEqual({ openai: { strictJsonSchema: true } });
    expect(strictness({ type: 'object', properties: { a: {} } })).toEqual({
      openai: { strictJsonSchema: false },
    });
    const fixed = { providerOptions: { openai: { strictJsonSchema: false, user: 'u' } } };
    expect(strictness(SCHEMA, fixed)).toEqual({ openai: { strictJsonSchema: false, user: 'u' } });
  });
});

it.each<[string, JsonObject, boolean]>([
  ['closed', SCHEMA, true],
  ['closed inside', { ...SCHEMA, properties: { a: { type: 'array', items: SCHEMA } } }, true],
  ['an optional property', { ...SCHEMA, required: [] }, false],
  ['open', { ...SCHEMA, additionalProperties: {} }, false],
  ['open inside', { ...SCHEMA, properties: { a: { anyOf: [{ type: 'object' }] } } }, false],
  ['open in a definition', { ...SCHEMA, $defs: { b: { type: 'object' } } }, false],
  ['oneOf', { ...SCHEMA, properties: { a: { oneOf: [SCHEMA] } } }, false],
  ['no object', { type: 'string' }, false],
  [
    'a property that is called type',
    { ...SCHEMA, properties: { type: { type: 'string' } }, required: ['type'] },
    true,
  ],
])('strict or not: %s', (_, schema, strict) => {
  expect(isStrict(schema)).toBe(strict);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stableStringify, toJson } from '../base/json.ts';
import type { ModelRequest, ToolChoice } from '../ports/model.ts';
import { replyKey, type Sharers } from './reply-key.ts';

const text = fc.string({ maxLength: 6 });
const tool = fc.record({
  name: text,
  description: text,
  inputSchema: fc.dictionary(text, text, { maxKeys: 2 }),
});
const request = fc.record({
  messages: fc.array(fc.record({ role: fc.constant('user' as const), content: text }), { maxLength: 3 }),
  tools: fc.array(tool, { maxLength: 2 }),
  toolChoice: fc.constantFrom<ToolChoice>('auto', 'none', { tool: 'a' }),
  output: fc.constantFrom(null, { name: 'answer', schema: { type: 'string' } }),
  stop: fc.option(fc.array(text, { maxLength: 2 }), { nil: undefined }),
  attempt: fc.constant(1),
});
const sharers: fc.Arbitrary<Sharers> = fc.oneof(
  fc.record({ scope: fc.constant('run' as const), runId: text }),
  fc.record({ scope: fc.constant('runtime' as const), runtimeId: text }),
  fc.record({ scope: fc.constant('named' as const), name: text }),
);
const asking = fc.tuple(text, request, sharers);

function sameAsking(one: readonly [string, ModelRequest, Sharers], other: typeof one): boolean {
  return stableStringify(toJson(one)) === stableStringify(toJson(other));
}

test('two askings have one key if and only if they are equal, however their texts are cut', () => {
  fc.assert(
    fc.property(asking, asking, (one, other) => {
      expect(replyKey(...one) === replyKey(...other)).toBe(sameAsking(one, other));
      expect(replyKey(...one)).toBe(replyKey(...(structuredClone(one) as typeof one)));
    }),
  );
});

test('the same characters in other places are another key; the order of fields and the attempt are not', () => {
  const base = { tools: [], toolChoice: 'none', output: null, attempt: 1 } as const;
  const of = (...contents: string[]): ModelRequest => ({
    ...base,
    messages: contents.map((content) => ({ role: 'user', content })),
  });
  const all: Sharers = { scope: 'named', name: 'a' };
  const keys = [
    replyKey('ab', of('c'), all),
    replyKey('a', of('bc'), all),
    replyKey('ab', of('c', ''), all),
    replyKey('ab', of('', 'c'), all),
    replyKey('ab', of('c'), { scope: 'run', runId: 'a' }),
    replyKey('ab', of('c'), { scope: 'runtime', runtimeId: 'a' }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  const turned = {
    attempt: 2,
    output: null,
    toolChoice: 'none',
    messages: of('c').messages,
    tools: [],
  } as const;
  expect(replyKey('ab', turned, all)).toBe(keys[0]);
});

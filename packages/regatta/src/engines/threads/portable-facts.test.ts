import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LLM, memoryCache } from '../../index.ts';
import { cassette } from '../../testing/index.ts';
import { toPortableFacts } from './portable-facts.ts';

const facts = { env: {}, rehearse: false, defaultLlm: undefined };

test('a cassette or a cache of a runtime does not cross to a thread, and is not left out in silence', () => {
  const tape = cassette(join(tmpdir(), 'never-written.json'));
  const withTape = () => toPortableFacts({ ...facts, cassette: tape }, 'threads');
  expect(withTape).toThrow(/cassette belongs to this thread/);
  const defaultLlm = new LLM({ model: 'openai/gpt-5.4-mini', cache: { store: memoryCache() } });
  expect(() => toPortableFacts({ ...facts, defaultLlm }, 'threads')).toThrow(/llm.cache holds a store/);
  expect(toPortableFacts({ ...facts, rehearse: true, cassette: tape, defaultLlm }, 'threads')).toMatchObject({
    rehearse: true,
  });
});

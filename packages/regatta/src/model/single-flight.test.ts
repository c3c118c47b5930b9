import { expect, test } from 'vitest';
import { LLM, memoryCache } from '../index.ts';
import { createGate, scriptedModel } from '../testing/index.ts';
import { hop } from '../testing/marked.fixture.ts';

test('100 calls for one kept reply ask once, wherever each of them comes while it is asked for (R42)', async () => {
  const gate = createGate();
  const model = scriptedModel([() => gate.pass().then(() => 'answer')], { loop: true });
  const llm = new LLM({ model, cache: { store: memoryCache() } });
  const calls: Promise<unknown>[] = [];
  for (let count = 0; count < 100; count++) {
    calls.push(llm.call('hello'));
    await hop(count % 7);
  }
  gate.open();
  const answers = await Promise.all(calls);
  expect(model.requests).toHaveLength(1);
  expect(answers.every((answer) => (answer as { readonly text: string }).text === 'answer')).toBe(true);
});

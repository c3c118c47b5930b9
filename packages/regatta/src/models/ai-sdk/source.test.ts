import { expect, it } from 'vitest';
import { LLM } from '../../index.ts';
import { createFakeModel } from '../fixtures/fake-model.fixture.ts';

const web = {
  type: 'source',
  sourceType: 'url',
  id: '1',
  url: 'https://sea.example/',
  title: 'The sea',
  providerMetadata: { anthropic: { citedText: 'It is blue.' }, openai: {} },
};
const file = { type: 'source', sourceType: 'document', id: '2', mediaType: 'application/pdf', title: 'Log' };
const end = {
  usage: { inputTokens: { total: 4 }, outputTokens: { total: 2 } },
  finishReason: { unified: 'stop', raw: 'stop' },
};
const text = [
  { type: 'text-start', id: '0' },
  { type: 'text-delta', id: '0', delta: 'Blue' },
  { type: 'text-end', id: '0' },
];

it('what an answer cites is told, streamed or not, and stays in its message', async () => {
  const { model } = createFakeModel('v4', {
    content: [{ type: 'text', text: 'Blue' }, web, file],
    parts: [...text, web, file, { type: 'finish', ...end }],
    ...end,
  });
  const llm = new LLM({ model });
  const whole = await llm.call('Which colour?');
  const streamed = await llm.stream('Which colour?').result;
  expect(whole.sources).toEqual([
    {
      id: '1',
      kind: 'url',
      url: 'https://sea.example/',
      title: 'The sea',
      providerData: { anthropic: { citedText: 'It is blue.' } },
    },
    { id: '2', kind: 'document', mediaType: 'application/pdf', title: 'Log', filename: null },
  ]);
  expect(streamed.sources).toEqual(whole.sources);
  expect(whole.message.content.map(({ type }) => type)).toEqual(['text', 'provider', 'provider']);
});

it('an answer that cites nothing has no sources', async () => {
  const { model } = createFakeModel('v4', { content: [{ type: 'text', text: 'Blue' }], ...end });
  expect((await new LLM({ model }).call('Which colour?')).sources).toEqual([]);
});

import { expect, it } from 'vitest';
import type { Message } from '../../protocol/message.ts';
import { toPrompt } from './to-prompt.ts';

const V4 = { specificationVersion: 'v4', provider: 'openai.responses' } as const;
const V2 = { specificationVersion: 'v2', provider: 'openai.chat' } as const;

it('converts a whole conversation', () => {
  const messages: Message[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Weather in Oslo?' },
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'I should look.', providerData: { openai: { itemId: 'rs_1' } } },
        { type: 'text', text: 'Looking.' },
        { type: 'tool-call', callId: 'c1', tool: 'weather', args: { city: 'Oslo' } },
      ],
    },
    { role: 'tool', callId: 'c1', tool: 'weather', content: 'rain', isError: false },
  ];
  expect(toPrompt(messages, V4)).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'Weather in Oslo?' }] },
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'I should look.', providerOptions: { openai: { itemId: 'rs_1' } } },
        { type: 'text', text: 'Looking.' },
        { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: { city: 'Oslo' } },
      ],
    },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: 'c1',
          toolName: 'weather',
          output: { type: 'text', value: 'rain' },
        },
      ],
    },
  ]);
});

it('puts the results of one turn into one message, errors marked', () => {
  const messages: Message[] = [
    { role: 'tool', callId: 'a', tool: 'one', content: '1', isError: false },
    { role: 'tool', callId: 'b', tool: 'two', content: 'broken', isError: true },
    { role: 'user', content: 'And?' },
    { role: 'tool', callId: 'c', tool: 'one', content: '3', isError: false },
  ];
  const prompt = toPrompt(messages, V4);
  expect(prompt.map(({ role, content }) => [role, content.length])).toEqual([
    ['tool', 2],
    ['user', 1],
    ['tool', 1],
  ]);
  expect(prompt[0]).toMatchObject({ content: [{}, { output: { type: 'error-text', value: 'broken' } }] });
});

it('shapes files as the version wants them', () => {
  const messages: Message[] = [
    {
      role: 'user',
      content: [
        { type: 'file', mediaType: 'image/png', data: { base64: 'AAAA' }, filename: 'a.png' },
        { type: 'file', mediaType: 'image/*', data: { url: 'https://example.com/a.png' } },
      ],
    },
  ];
  expect(toPrompt(messages, V4)[0]?.content).toEqual([
    { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' }, filename: 'a.png' },
    { type: 'file', mediaType: 'image/*', data: { type: 'url', url: new URL('https://example.com/a.png') } },
  ]);
  expect(toPrompt(messages, V2)[0]?.content).toEqual([
    { type: 'file', mediaType: 'image/png', data: 'AAAA', filename: 'a.png' },
    { type: 'file', mediaType: 'image/*', data: new URL('https://example.com/a.png') },
  ]);
});

it('sends an empty object for arguments that were no JSON object', () => {
  const call = { type: 'tool-call', callId: 'c', tool: 't', args: null, rawArgs: '{"a":' } as const;
  const [message] = toPrompt([{ role: 'assistant', content: [call] }], V4);
  expect(message).toMatchObject({ content: [{ input: {} }] });
});

it('sends what a provider ran itself back to that provider only', () => {
  const part = {
    type: 'tool-call',
    toolCallId: 's',
    toolName: 'web_search',
    input: {},
    providerExecuted: true,
  };
  const source = { type: 'source', sourceType: 'url', id: '1', url: 'https://example.com' };
  const content = [part, source].map((sent) => ({
    type: 'provider' as const,
    data: { provider: 'openai', part: sent },
  }));
  const messages: Message[] = [{ role: 'assistant', content }];
  expect(toPrompt(messages, V4)).toEqual([{ role: 'assistant', content: [part] }]);
  expect(toPrompt(messages, { ...V4, provider: 'anthropic.messages' })).toEqual([
    { role: 'assistant', content: [] },
  ]);
});

/** What a request says beside its texts reaches the prompt and the options: marks, choices, stops. */
import { expect, it } from 'vitest';
import type { ModelRequest, ModelSettings } from '../../ports/model.ts';
import type { Message } from '../../protocol/message.ts';
import { createFakeModel } from '../fixtures/fake-model.fixture.ts';
import { toFixedOptions, toOptions } from './to-options.ts';
import { toPrompt } from './to-prompt.ts';

const { model } = createFakeModel('v4', {});
const REQUEST: ModelRequest = {
  messages: [{ role: 'user', content: 'hi' }],
  tools: [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }],
  toolChoice: 'auto',
  output: null,
  attempt: 1,
};
const SETTINGS: ModelSettings = {
  timeoutMs: 1000,
  retry: { maxAttempts: 1, minDelayMs: 0, maxDelayMs: 0, retry: 'always' },
  stop: ['STOP'],
};
const CACHED = {
  anthropic: { cacheControl: { type: 'ephemeral' } },
  bedrock: { cachePoint: { type: 'default' } },
};

it('marks of the cache go to the providers that must be told, on whatever they stand', () => {
  const file = { type: 'file', mediaType: 'image/png', data: { base64: 'AA==' }, cache: true } as const;
  const messages: readonly Message[] = [
    { role: 'system', content: 's', cache: true },
    { role: 'user', content: 'u', cache: true },
    { role: 'assistant', content: [{ type: 'text', text: 'a' }], cache: true },
    {
      role: 'user',
      content: [{ type: 'text', text: 't', cache: true }, file, { type: 'text', text: 'last' }],
    },
    { role: 'tool', callId: '1', tool: 'look', content: 'r', isError: false, cache: true },
  ];
  const [system, user, assistant, parts, tool] = toPrompt(messages, model);
  for (const marked of [system, user, assistant]) expect(marked).toMatchObject({ providerOptions: CACHED });
  expect(parts).toMatchObject({ content: [{ providerOptions: CACHED }, { providerOptions: CACHED }, {}] });
  expect(JSON.stringify(parts).match(/cacheControl/g)).toHaveLength(2);
  expect(tool).toMatchObject({ content: [{ providerOptions: CACHED }] });
  expect(JSON.stringify(toPrompt([{ role: 'user', content: 'u' }], model))).not.toContain('cache');
});

it('a mark and the data of a provider are both said, and a file keeps its own', () => {
  const providerData = { anthropic: { citations: { enabled: true } }, openai: { imageDetail: 'low' } };
  const file = { type: 'file', mediaType: 'image/png', data: { base64: 'AA==' }, providerData } as const;
  const [message] = toPrompt([{ role: 'user', content: [file, { ...file, cache: true }] }], model);
  expect(message).toMatchObject({
    content: [
      { providerOptions: providerData },
      {
        providerOptions: {
          anthropic: { citations: { enabled: true }, cacheControl: { type: 'ephemeral' } },
          openai: { imageDetail: 'low' },
        },
      },
    ],
  });
});

it('one tool may be chosen by its name', () => {
  const options = toOptions({ ...REQUEST, toolChoice: { tool: 'look' } }, {}, { model, structured: null });
  expect(options.toolChoice).toEqual({ type: 'tool', toolName: 'look' });
});

it('stop sequences of the request replace those of the settings, and none are left out', () => {
  const fixed = toFixedOptions(SETTINGS, {});
  const stopOf = (stop?: readonly string[]) =>
    toOptions({ ...REQUEST, stop }, fixed, { model, structured: null });
  expect(stopOf().stopSequences).toEqual(['STOP']);
  expect(stopOf(['END']).stopSequences).toEqual(['END']);
  expect(stopOf([])).not.toHaveProperty('stopSequences');
  expect(fixed.stopSequences).toEqual(['STOP']);
});

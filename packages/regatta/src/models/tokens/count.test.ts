import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Message } from '../../protocol/message.ts';
import { readExchange } from '../fixtures/drive.fixture.ts';
import { type Exchange, readScenarios } from '../fixtures/recording.fixture.ts';
import { countTokens } from './count.ts';

const folder = process.env.REGATTA_RECORDINGS;
const scenarios = readScenarios(
  folder ? join(folder, 'public') : join(import.meta.dirname, '..', 'fixtures', 'recordings'),
);

function isPlain({ provider, dialect, expected }: Exchange): boolean {
  return provider === 'openai' && dialect === 'openai-chat' && typeof expected.usage?.input === 'number';
}

it('counts as the provider has counted, wherever it says that it does', async () => {
  let exact = 0;
  for (const { exchanges } of scenarios.values()) {
    for (const exchange of exchanges.filter(isPlain)) {
      const { messages, tools, output, modelId, leftOut } = readExchange(exchange);
      if (tools.length > 0 || output !== null || leftOut.length > 0 || exchange.request.body.response_format)
        continue;
      const count = await countTokens('openai', modelId, messages);
      if (!count.isExact) continue;
      exact++;
      expect(count.tokens).toBe(exchange.expected.usage?.input);
    }
  }
  expect(exact).toBeGreaterThan(0);
  console.log(`tokens: ${exact} recorded prompts counted exactly`);
});

const ask = (content: string): readonly Message[] => [{ role: 'user', content }];

it('says of everything else that it is an estimate', async () => {
  const text = ask('What is a regatta, and who may take part in it?');
  const estimated = [
    await countTokens('openai', 'gpt-5.4-mini', text),
    await countTokens('azure', 'gpt-4o', text),
    await countTokens('openrouter', 'openai/gpt-4o', text),
    await countTokens('anthropic', 'claude-sonnet-4-5', text),
    await countTokens('openai', 'gpt-4o', [
      { role: 'user', content: [{ type: 'file', mediaType: 'image/png', data: { base64: 'AAAA' } }] },
    ]),
    await countTokens('openai', 'gpt-4o', [
      { role: 'assistant', content: [{ type: 'tool-call', callId: '1', tool: 't', args: {} }] },
    ]),
  ];
  for (const { isExact, tokens } of estimated) {
    expect(isExact).toBe(false);
    expect(tokens).toBeGreaterThan(0);
  }
});

it('takes texts that look like special tokens for texts', async () => {
  const { tokens } = await countTokens('openai', 'gpt-4o', ask('<|endoftext|>'));
  expect(tokens).toBeGreaterThan(10);
});

it('counts a text to embed without the frame of a message', async () => {
  const count = await countTokens('openai', 'text-embedding-3-small', ask("Brandon's favorite color"));
  expect(count).toEqual({ tokens: 4, isExact: true });
});

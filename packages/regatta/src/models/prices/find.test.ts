import { calcPrice } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { costNanoUsd } from '../../model/cost.ts';
import { NO_USAGE, type Usage } from '../../protocol/usage.ts';
import { findContextWindow, findPrice } from './find.ts';
import { PRICE_ROWS, PRICES_DATE } from './table.ts';

const NOW = Date.parse('2026-11-24');
const THEIRS: Readonly<Record<string, string>> = { bedrock: 'aws', togetherai: 'together', xai: 'x-ai' };

describe('a price', () => {
  it.each([
    ['openai', 'gpt-4o', 2.5],
    ['openai', 'gpt-4o-2024-05-13', 5],
    ['openai', 'gpt-4o-2024-08-06', 2.5],
    ['openai', 'gpt-5.6-luna-2026-08-01', 0.2],
    ['openai', 'text-embedding-3-small', 0.02],
    ['anthropic', 'claude-sonnet-4-5', 3],
    ['anthropic', 'claude-sonnet-4-5-20250929', 3],
    ['anthropic', 'claude-sonnet-4-5-latest', 3],
    ['gemini', 'gemini-2.5-pro', 1.25],
    ['google', 'gemini-2.0-flash-lite-001', 0.075],
    ['vertex', 'claude-sonnet-4-5@20250929', 3],
    ['bedrock', 'us.anthropic.claude-sonnet-4-6', 3.3],
    ['bedrock', 'global.anthropic.claude-sonnet-4-6', 3],
    ['bedrock', 'eu.amazon.nova-lite-v1:0', 0.06],
    ['bedrock', 'anthropic.claude-haiku-4-5-20251001-v1:0', 1.1],
    ['openrouter', 'deepseek/deepseek-r1', 0.45],
  ])('of %s/%s is known', (provider, modelId, input) => {
    expect(findPrice(provider, modelId, NOW)?.inputUsdPerMillion).toBe(input);
  });

  it.each([
    ['openai', 'gpt-4o-2027-01-01'], // snapshots of this model have cost more and less
    ['openai', 'gpt-4o-mini-next'],
    ['openai', 'gpt-5.9'],
    ['openai', 'gpt-realtime'], // its tokens are not all text
    ['openai', 'toString'],
    ['anthropic', 'claude-sonnet-4-55'],
    ['anthropic', 'claude-opus-5-20260101-fast'],
    ['google', 'gemini-2.5-pro-ultra'],
    ['bedrock', 'amazon.nova-lite-v2:0'],
    ['bedrock', 'amazon.titan-embed-text-v2:0'],
    ['bedrock', 'arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-6'],
    ['deepseek', 'deepseek-v4-pro'], // by the hour of the day
    ['perplexity', 'sonar'], // a fee for each request beside it
    ['azure', 'gpt-4o'], // the name of a deployment
    ['ollama', 'llama3'],
    ['nobody', 'gpt-4o'],
  ])('of %s/%s is not guessed', (provider, modelId) => {
    expect(findPrice(provider, modelId, NOW)).toBeUndefined();
  });

  it('changes on its day', () => {
    const before = findPrice('google', 'gemini-3.6-flash', Date.parse('2026-12-31T23:59:59Z'));
    const after = findPrice('google', 'gemini-3.6-flash', Date.parse('2027-01-01'));
    expect([before?.inputUsdPerMillion, after?.inputUsdPerMillion]).toEqual([0.75, 1.5]);
  });

  it('of a long prompt is that of the whole call', () => {
    const price = findPrice('anthropic', 'claude-sonnet-4-5', NOW);
    expect(price?.longInput).toMatchObject({ aboveInputTokens: 200_000, inputUsdPerMillion: 6 });
    expect(costNanoUsd(price, { ...NO_USAGE, inputTokens: 200_000, outputTokens: 1000 })).toBe(615_000_000);
    expect(costNanoUsd(price, { ...NO_USAGE, inputTokens: 200_001, outputTokens: 1000 })).toBe(1_222_506_000);
  });
});

it('every row costs what the package it was made from says, on the day of that package', () => {
  const day = new Date(PRICES_DATE);
  const usages: readonly Usage[] = [
    { ...NO_USAGE, inputTokens: 1000, outputTokens: 500 },
    { ...NO_USAGE, inputTokens: 900_000, outputTokens: 500, cachedInputTokens: 300_000 },
  ];
  let compared = 0;
  const wrong: string[] = [];
  for (const section of PRICE_ROWS.split(/^# /m).slice(1)) {
    const provider = section.slice(0, section.indexOf(' '));
    for (const line of section.split('\n').slice(1)) {
      for (const name of (line.split('\t')[0] ?? '').split(' ')) {
        const modelId = name.replace(/^\*/, '').replace(/~$/, '-20250101');
        const price = findPrice(provider, modelId, day.getTime());
        if (name === '' || price === undefined) continue;
        for (const usage of usages) {
          const theirs = calcPrice(
            {
              input_tokens: usage.inputTokens ?? 0,
              output_tokens: usage.outputTokens ?? 0,
              cache_read_tokens: usage.cachedInputTokens ?? 0,
            },
            modelId,
            { providerId: THEIRS[provider] ?? provider, timestamp: day },
          );
          if (theirs === null) continue; // dates that their patterns take in another form
          compared++;
          const ours = costNanoUsd(price, usage);
          if (Math.abs((ours ?? 0) - theirs.total_price * 1e9) > 1)
            wrong.push(`${provider}/${modelId}: ${ours}`);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(compared).toBeGreaterThan(2000);
});

it('context windows are known as far as the table says them', () => {
  expect(findContextWindow('anthropic', 'claude-sonnet-4-5-20250929')).toBe(200_000);
  expect(findContextWindow('deepseek', 'deepseek-v4-pro')).toBe(1_000_000);
  expect(findContextWindow('openai', 'gpt-5.9')).toBeNull();
});

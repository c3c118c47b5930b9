import { expect, it } from 'vitest';
import { NO_USAGE } from '../../protocol/usage.ts';
import { toUsage } from './usage.ts';

function nested(input: object, output: object, raw?: object): Parameters<typeof toUsage>[0] {
  return { inputTokens: input, outputTokens: output, ...(raw ? { raw } : {}) } as Parameters<
    typeof toUsage
  >[0];
}

it('reads the flat counts of version 2', () => {
  const usage = {
    inputTokens: 10,
    outputTokens: 5,
    totalTokens: 15,
    cachedInputTokens: 4,
    reasoningTokens: 2,
  };
  expect(toUsage(usage)).toEqual({
    inputTokens: 10,
    outputTokens: 5,
    cachedInputTokens: 4,
    cacheWriteTokens: null,
    reasoningTokens: 2,
  });
});

it('says null, not 0, where nothing was said', () => {
  expect(toUsage(undefined)).toEqual(NO_USAGE);
  expect(toUsage({ inputTokens: undefined, outputTokens: undefined, totalTokens: undefined })).toEqual(
    NO_USAGE,
  );
  expect(toUsage(nested({ total: undefined }, { total: Number.NaN }))).toEqual(NO_USAGE);
});

it('keeps cached and written tokens apart from the input that includes them', () => {
  const raw = {
    input_tokens: 3,
    cache_read_input_tokens: 80,
    cache_creation_input_tokens: 17,
    output_tokens: 9,
  };
  expect(toUsage(nested({ total: 100, cacheRead: 80, cacheWrite: 17 }, { total: 9 }, raw))).toEqual({
    inputTokens: 100,
    outputTokens: 9,
    cachedInputTokens: 80,
    cacheWriteTokens: 17,
    reasoningTokens: null,
  });
});

it.each([
  ['OpenAI chat', { prompt_tokens: 5, completion_tokens: 2 }],
  ['OpenAI responses', { input_tokens: 5, output_tokens: 2 }],
  ['Gemini', { promptTokenCount: 5, candidatesTokenCount: 2 }],
])('%s: a 0 that the package made up is null', (_, raw) => {
  const usage = toUsage(nested({ total: 5, cacheRead: 0 }, { total: 2, reasoning: 0 }, raw));
  expect(usage).toMatchObject({
    inputTokens: 5,
    outputTokens: 2,
    cachedInputTokens: null,
    reasoningTokens: null,
  });
});

it('a 0 that the provider sent stays', () => {
  const raw = {
    prompt_tokens: 5,
    completion_tokens: 0,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
  const usage = toUsage(nested({ total: 5, cacheRead: 0 }, { total: 0, reasoning: 0 }, raw));
  expect(usage).toMatchObject({ outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0 });
});

it('Gemini leaves out what is 0: a blocked prompt has no output', () => {
  expect(toUsage(nested({ total: 5 }, { total: 0 }, { promptTokenCount: 5 })).outputTokens).toBe(0);
});

it('counts the tokens of tools that Gemini prompted itself as input, whatever the package says', () => {
  const raw = { promptTokenCount: 10, toolUsePromptTokenCount: 7, candidatesTokenCount: 3 };
  expect(toUsage(nested({ total: 10 }, { total: 3 }, raw)).inputTokens).toBe(17);
  expect(toUsage(nested({ total: 17 }, { total: 3 }, raw)).inputTokens).toBe(17);
});

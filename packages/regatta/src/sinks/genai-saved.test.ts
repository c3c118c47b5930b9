import { expect, test } from 'vitest';
import type { EmbedEnd, ModelEnd, RunEvent } from '../protocol/event.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { endOf } from './genai-attributes.ts';

const PLACE = { id: 'e', runId: 'r', seq: 1, spanId: 's', parentId: null, time: 1, task: null, agent: null };
const NOTHING = { ...NO_USAGE, inputTokens: 0, outputTokens: 0 };
const SAVED = { usage: { ...NO_USAGE, inputTokens: 12, outputTokens: 3 }, costUsd: 0.5 };

function attributesOf(body: ModelEnd | EmbedEnd): unknown {
  return endOf({ ...PLACE, ...body } as RunEvent, false)?.attributes;
}

const ANSWERED: ModelEnd = {
  type: 'model.end',
  model: 'openai/m',
  message: { role: 'assistant', content: [] },
  finishReason: 'stop',
  usage: NOTHING,
  costUsd: 0,
  attempts: 0,
  error: null,
};
const EMBEDDED: EmbedEnd = {
  type: 'embed.end',
  model: 'openai/m',
  texts: 1,
  dimensions: 3,
  usage: NOTHING,
  costUsd: 0,
  attempts: 0,
  error: null,
};

test.each([ANSWERED, EMBEDDED])('$type of a cached reply says that it is one, and what it saved', (body) => {
  expect(attributesOf({ ...body, saved: SAVED })).toMatchObject({
    'gen_ai.usage.input_tokens': 0,
    'regatta.cost_usd': { double: 0 },
    'regatta.cache_hit': true,
    'regatta.saved.input_tokens': 12,
    'regatta.saved.output_tokens': 3,
    'regatta.saved.cost_usd': { double: 0.5 },
  });
  expect(attributesOf({ ...body, saved: { ...SAVED, costUsd: null } })).toMatchObject({
    'regatta.saved.cost_usd': null,
  });
  expect(attributesOf(body)).not.toHaveProperty('regatta.cache_hit');
});

/** The shape of an answer is asked for in the best way that a provider takes: schema, JSON mode, prompt. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';
import { defineTool } from '../tool/define-tool.ts';
import { LLM } from './llm.ts';
import { createRuntime } from './runtime.ts';

const boat = z.object({ name: z.string() });
const ANSWER = '{"name":"Ada"}';

/** How each interface says an answer, and what of a request asks for its shape. */
const DIALECTS = {
  chat: {
    answer: {
      id: '1',
      model: 'm',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: ANSWER } }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    },
    formatOf: ({ response_format: format }: JsonObject) => (isJsonObject(format) ? format.type : 'prompt'),
  },
  responses: {
    answer: {
      id: '1',
      model: 'm',
      created_at: 1,
      output: [
        {
          type: 'message',
          id: 'm1',
          role: 'assistant',
          content: [{ type: 'output_text', text: ANSWER, annotations: [] }],
        },
      ],
      usage: { input_tokens: 1, output_tokens: 1 },
    },
    formatOf: ({ text }: JsonObject) =>
      isJsonObject(text) && isJsonObject(text.format) ? text.format.type : 'prompt',
  },
  google: {
    answer: {
      candidates: [{ content: { role: 'model', parts: [{ text: ANSWER }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 },
    },
    formatOf: ({ generationConfig: config }: JsonObject) => {
      if (!isJsonObject(config) || config.responseMimeType === undefined) return 'prompt';
      return config.responseJsonSchema === undefined ? 'json_object' : 'json_schema';
    },
  },
  cohere: {
    answer: {
      message: { role: 'assistant', content: [{ type: 'text', text: ANSWER }] },
      finish_reason: 'COMPLETE',
      usage: { tokens: { input_tokens: 1, output_tokens: 1 } },
    },
    formatOf: ({ response_format: format }: JsonObject) => {
      if (!isJsonObject(format)) return 'prompt';
      return format.json_schema === undefined ? format.type : 'json_schema';
    },
  },
  anthropic: {
    answer: {
      id: '1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: ANSWER }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    },
    formatOf: ({ output_config: config }: JsonObject) =>
      isJsonObject(config) && config.format !== undefined ? 'json_schema' : 'prompt',
  },
} as const;

type Dialect = keyof typeof DIALECTS;

interface Asked {
  readonly format: unknown;
  /** Whether the schema stands in the prompt. */
  readonly isInPrompt: boolean;
}

/** An LLM whose server refuses what `refuses` says, in those words, and answers the rest. */
function serve(model: string, dialect: Dialect, refuses: (format: unknown) => string | null = () => null) {
  const { answer, formatOf } = DIALECTS[dialect];
  const asked: Asked[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const body = parseJson(String(init?.body));
    if (!isJsonObject(body)) throw new TypeError('no body');
    const format = formatOf(body);
    asked.push({ format, isInPrompt: String(init?.body).includes('one JSON value that matches this') });
    const message = refuses(format);
    const [status, said] = message === null ? [200, answer] : [400, { error: { message }, message }];
    return new Response(JSON.stringify(said), {
      status,
      headers: { 'content-type': 'application/json' },
    });
  };
  const llm = new LLM({ model, apiKey: 'some-key', baseURL: 'https://host.example/v1', fetch });
  return { llm, asked, runtime: createRuntime() };
}

const SCHEMA: Asked = { format: 'json_schema', isInPrompt: false };
const JSON_MODE: Asked = { format: 'json_object', isInPrompt: true };
const PROMPT: Asked = { format: 'prompt', isInPrompt: true };

test.each<[string, Dialect, Asked]>([
  ['openai/m', 'chat', SCHEMA],
  ['google/m', 'google', SCHEMA],
  ['cohere/m', 'cohere', SCHEMA],
  ['anthropic/claude-sonnet-4-5', 'anthropic', SCHEMA],
  ['fireworks/m', 'chat', SCHEMA],
  ['lmstudio/m', 'chat', SCHEMA],
  ['mistral/m', 'chat', SCHEMA],
  ['ollama/m', 'chat', SCHEMA],
  ['perplexity/m', 'chat', SCHEMA],
  ['vllm/m', 'chat', SCHEMA],
  ['xai/m', 'chat', SCHEMA],
  ['cerebras/m', 'chat', JSON_MODE],
  ['deepseek/m', 'chat', JSON_MODE],
  ['groq/m', 'chat', JSON_MODE],
  ['openrouter/m', 'chat', JSON_MODE],
  ['togetherai/m', 'chat', JSON_MODE],
  ['openai-compatible/m', 'chat', PROMPT],
])('%s: asked once, in the best way that it documents', async (model, dialect, way) => {
  const { llm, asked, runtime } = serve(model, dialect);
  const result = await llm.call('Name a boat.', { output: boat, runtime });
  expect(result).toMatchObject({ kind: 'object', object: { name: 'Ada' }, attempts: 1 });
  expect(asked).toEqual([way]);
});

const REFUSED = 'response_format is not supported with this model.';

test.each<[string, Dialect, readonly Asked[]]>([
  ['openai/m', 'chat', [SCHEMA, JSON_MODE, PROMPT]],
  ['google/m', 'google', [SCHEMA, JSON_MODE, PROMPT]],
  ['cohere/m', 'cohere', [SCHEMA, JSON_MODE, PROMPT]],
  ['mistral/m', 'chat', [SCHEMA, JSON_MODE, PROMPT]],
  ['anthropic/claude-sonnet-4-5', 'anthropic', [SCHEMA, PROMPT]],
  ['lmstudio/m', 'chat', [SCHEMA, PROMPT]],
  ['groq/m', 'chat', [JSON_MODE, PROMPT]],
])(
  '%s: what is refused gives way to the next best, and is not asked for again',
  async (model, dialect, ways) => {
    const { llm, asked, runtime } = serve(model, dialect, (format) => (format === 'prompt' ? null : REFUSED));
    const first = await llm.call('Name a boat.', { output: boat, runtime });
    expect(first).toMatchObject({ object: { name: 'Ada' }, attempts: ways.length });
    expect(asked).toEqual(ways);
    await llm.call('Name a boat.', { output: boat, runtime });
    expect(asked).toEqual([...ways, PROMPT]);
  },
);

test('openai, responses: a schema that is refused gives way to JSON mode, which is kept', async () => {
  const { asked, runtime, ...served } = serve('openai/m', 'responses', (format) =>
    format === 'json_schema' ? "Invalid schema for response_format 'answer'." : null,
  );
  const { model, settings } = served.llm;
  const llm = new LLM({ model, apiKey: 'some-key', api: 'responses', fetch: settings.fetch });
  await llm.call('Name a boat.', { output: boat, runtime });
  await llm.call('Name a boat.', { output: boat, runtime });
  expect(asked).toEqual([SCHEMA, JSON_MODE, JSON_MODE]);
});

test('a model that wrote no JSON this time is asked without JSON mode, and the next time with it again', async () => {
  let isBad = true;
  const { llm, asked, runtime } = serve('groq/m', 'chat', (format) => {
    if (format === 'prompt' || !isBad) return null;
    isBad = false;
    return 'Failed to generate JSON. Please adjust your prompt.';
  });
  await llm.call('Name a boat.', { output: boat, runtime });
  await llm.call('Name a boat.', { output: boat, runtime });
  expect(asked).toEqual([JSON_MODE, PROMPT, JSON_MODE]);
});

test('JSON mode is for objects, and for calls without tools', async () => {
  const { llm, asked, runtime } = serve('deepseek/m', 'chat');
  const list = llm.call('Name boats.', { output: z.array(z.string()), maxOutputRetries: 0, runtime });
  await expect(list).rejects.toMatchObject({ code: 'output/invalid', details: { text: ANSWER } });
  const look = defineTool({
    name: 'look',
    description: 'Looks.',
    input: z.object({}),
    execute: () => 'seen',
  });
  await llm.call('Name a boat.', { output: boat, tools: [look], runtime });
  expect(asked).toEqual([PROMPT, PROMPT]);
});

test('a refusal of something else is not taken for one of JSON mode', async () => {
  const { llm, asked, runtime } = serve('deepseek/m', 'chat', () => 'temperature is out of range');
  const call = llm.call('Name a boat.', { output: boat, runtime });
  await expect(call).rejects.toMatchObject({ code: 'model/invalid-request' });
  expect(asked).toEqual([JSON_MODE]);
});

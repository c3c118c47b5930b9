/** What is said of a call reaches each interface in its own words: settings, pictures, choices, marks, headers. */
import { expect, it } from 'vitest';
import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';
import { Secret } from '../base/secret.ts';
import type { ModelRequest, ModelSettings } from '../ports/model.ts';
import { collect } from './fixtures/collect.fixture.ts';
import { createContext } from './fixtures/context.fixture.ts';
import { builtinProviders } from './providers.ts';

const REQUEST: ModelRequest = {
  messages: [
    { role: 'system', content: 'Be brief.', cache: true },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'file', mediaType: 'image/png', data: { base64: 'iVBORw0KGgo=' } },
        { type: 'file', mediaType: 'application/pdf', data: { base64: 'JVBERi0x' }, filename: 'a.pdf' },
      ],
    },
  ],
  tools: [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object', properties: {} } }],
  toolChoice: { tool: 'look' },
  output: null,
  attempt: 1,
};
const SETTINGS: ModelSettings = {
  timeoutMs: 1_000,
  retry: { maxAttempts: 1, minDelayMs: 0, maxDelayMs: 0, retry: 'always' },
  apiKey: new Secret('k-1'),
  temperature: 0.5,
  topP: 0.9,
  maxTokens: 77,
  seed: 7,
  stop: ['END'],
  headers: { 'x-tenant': 'a' },
};

interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly body: JsonObject;
}

async function send(name: string, settings: Partial<ModelSettings>, request = REQUEST): Promise<Sent> {
  const providers = builtinProviders();
  let sent: Sent | undefined;
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const body = parseJson(String(init?.body));
    if (!isJsonObject(body)) throw new TypeError('no body');
    sent = { url: String(url), headers: new Headers(init?.headers), body };
    return new Response('{}', { status: 400 });
  };
  const [provider = '', modelId = ''] = name.split('/');
  const place = { baseURL: 'https://host.example/base', fetch };
  const env = { AWS_REGION: 'eu-north-1' };
  const model = await providers.open(provider, modelId, { ...SETTINGS, ...place, ...settings }, env);
  await collect((tell) => model.call(request, createContext(), tell)).catch(() => undefined);
  await providers.close();
  if (sent === undefined) throw new Error('Nothing was sent.');
  return sent;
}

const PNG = 'data:image/png;base64,iVBORw0KGgo=';
const PDF = 'data:application/pdf;base64,JVBERi0x';
const CHAT_FILES = [
  { type: 'text', text: 'What is this?' },
  { type: 'image_url', image_url: { url: PNG } },
  { type: 'file', file: { filename: 'a.pdf', file_data: PDF } },
];
const CHAT = {
  model: 'm',
  temperature: 0.5,
  top_p: 0.9,
  max_tokens: 77,
  seed: 7,
  stop: ['END'],
  tool_choice: { type: 'function', function: { name: 'look' } },
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: CHAT_FILES },
  ],
};

it.each<[string, Partial<ModelSettings>, string, JsonObject]>([
  ['openai/m', { api: 'chat' }, '/base/chat/completions', CHAT],
  ['mistral/m', {}, '/base/chat/completions', CHAT],
  ['openai-compatible/m', {}, '/base/chat/completions', CHAT],
  [
    'openai/m',
    { api: 'responses' },
    '/base/responses',
    {
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 77,
      store: false,
      tool_choice: { type: 'function', name: 'look' },
      input: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: PNG },
            { type: 'input_file', filename: 'a.pdf', file_data: PDF },
          ],
        },
      ],
    },
  ],
  [
    'anthropic/claude-3-haiku-20240307',
    {},
    '/base/v1/messages',
    {
      temperature: 0.5,
      max_tokens: 77,
      stop_sequences: ['END'],
      tool_choice: { type: 'tool', name: 'look' },
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
            { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0x' } },
          ],
        },
      ],
    },
  ],
  [
    'google/gemini-2.5-flash',
    {},
    '/base/models/gemini-2.5-flash:generateContent',
    {
      generationConfig: { temperature: 0.5, topP: 0.9, maxOutputTokens: 77, seed: 7, stopSequences: ['END'] },
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look'] } },
      contents: [
        {
          role: 'user',
          parts: [
            { text: 'What is this?' },
            { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
            { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0x' } },
          ],
        },
      ],
    },
  ],
  [
    'bedrock/amazon.nova-lite-v1:0',
    {},
    '/base/model/amazon.nova-lite-v1%3A0/converse',
    {
      inferenceConfig: { temperature: 0.5, topP: 0.9, maxTokens: 77, stopSequences: ['END'] },
      system: [{ text: 'Be brief.' }, { cachePoint: { type: 'default' } }],
      toolConfig: { toolChoice: { tool: { name: 'look' } } },
      messages: [
        {
          role: 'user',
          content: [
            { text: 'What is this?' },
            { image: { format: 'png', source: { bytes: 'iVBORw0KGgo=' } } },
            { document: { format: 'pdf', source: { bytes: 'JVBERi0x' } } },
          ],
        },
      ],
    },
  ],
])('%s %o', async (name, settings, path, body) => {
  const sent = await send(name, settings);
  expect(new URL(sent.url).pathname).toBe(path);
  expect(sent.url).toContain('https://host.example/');
  expect(sent.headers.get('x-tenant')).toBe('a');
  expect(sent.body).toMatchObject(body);
});

it.each<[string, string, JsonObject, JsonObject]>([
  ['anthropic/claude-sonnet-4-5', 'anthropic', { disableParallelToolUse: true }, {}],
  ['google/gemini-2.5-flash', 'google', { thinkingConfig: { thinkingBudget: 9 } }, {}],
  ['groq/m', 'groq', { user: 'u' }, { user: 'u' }],
])('%s: provider options reach the package under its name', async (name, under, options, body) => {
  const given = await send(name, { providerOptions: { [under]: options } });
  const without = await send(name, {});
  expect(given.body).not.toEqual(without.body);
  expect(given.body).toMatchObject(body);
});

it.each<[string, Partial<ModelSettings>]>([
  ['openai/m', { api: 'responses' }],
  ['anthropic/claude-3-haiku-20240307', {}],
  ['bedrock/amazon.nova-lite-v1:0', {}],
])('%s %o: a seed, which it does not know, is left out', async (name, settings) => {
  const { body } = await send(name, settings);
  expect(JSON.stringify(body)).not.toContain('"seed"');
});

it.each<[ModelRequest['toolChoice'], unknown]>([
  ['auto', 'auto'],
  ['none', 'none'],
  ['required', 'required'],
])('the choice %s is said as such', async (toolChoice, said) => {
  const { body } = await send('groq/m', {}, { ...REQUEST, toolChoice });
  expect(body.tool_choice).toEqual(said);
});

import { execFileSync } from 'node:child_process';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { Secret } from '../base/secret.ts';
import type { ModelRequest, ModelSettings } from '../ports/model.ts';
import { COMPATIBLE_HOSTS } from './compatible-hosts.ts';
import { collect } from './fixtures/collect.fixture.ts';
import { createContext } from './fixtures/context.fixture.ts';
import { createFakeModel } from './fixtures/fake-model.fixture.ts';
import { builtinProviders } from './providers.ts';

const SETTINGS: ModelSettings = {
  timeoutMs: 1000,
  retry: { maxAttempts: 1, minDelayMs: 0, maxDelayMs: 0, retry: 'always' },
};
const REQUEST: ModelRequest = {
  messages: [{ role: 'user', content: 'hi' }],
  tools: [],
  toolChoice: 'auto',
  output: null,
  attempt: 1,
};
const providers = builtinProviders();
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  last = { path: request.url ?? '', headers: request.headers, body: JSON.parse(body) };
  response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
});
let last: { path: string; headers: IncomingHttpHeaders; body: JsonObject };
let url: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
});
afterAll(async () => {
  await providers.close();
  server.close();
});
afterEach(() => vi.unstubAllEnvs());

/** What arrives at the server when `provider` is asked; the server refuses, so the error is that of a key. */
async function send(provider: string, settings: Partial<ModelSettings>, env: Record<string, string> = {}) {
  const model = await providers.open(provider, 'some-model', { ...SETTINGS, ...settings }, env);
  await expect(collect(model.call(REQUEST, createContext()))).rejects.toMatchObject({
    code: 'model/authentication',
  });
  return last;
}

describe('the request', () => {
  const key = { apiKey: new Secret('k-1') };

  it.each([
    ['openai', '/chat/completions', { authorization: 'Bearer k-1' }],
    ['anthropic', '/v1/messages', { 'x-api-key': 'k-1' }],
    ['google', '/models/some-model:generateContent', { 'x-goog-api-key': 'k-1' }],
    ['gemini', '/models/some-model:generateContent', { 'x-goog-api-key': 'k-1' }],
    ['groq', '/chat/completions', { authorization: 'Bearer k-1' }],
    ['openai-compatible', '/chat/completions', { authorization: 'Bearer k-1' }],
  ])('of %s goes to %s', async (provider, path, headers) => {
    const request = await send(provider, { ...key, baseURL: url, headers: { 'x-team': 'red' } });
    expect(request.path).toBe(path);
    expect(request.headers).toMatchObject({ ...headers, 'x-team': 'red' });
  });

  it('of openai takes the interface that is asked for, and by default the one of the server', async () => {
    expect((await send('openai', { ...key, baseURL: url, api: 'responses' })).path).toBe('/responses');
    expect((await send('openai', { ...key, api: 'chat' }, { OPENAI_BASE_URL: url })).path).toBe(
      '/chat/completions',
    );
    const fetch: typeof globalThis.fetch = async (input) => {
      last = { ...last, path: String(input) };
      return new Response('{"error":{"message":"no"}}', { status: 401 });
    };
    const official = { OPENAI_BASE_URL: 'https://api.openai.com/v1' };
    expect((await send('openai', { ...key, fetch })).path).toBe('https://api.openai.com/v1/responses');
    expect((await send('openai', { ...key, fetch }, official)).path).toBe(
      'https://api.openai.com/v1/responses',
    );
    expect((await send('openai', { ...key, fetch }, { OPENAI_BASE_URL: '' })).path).toBe(
      'https://api.openai.com/v1/responses',
    );
  });

  it('of the responses interface stores nothing at OpenAI unless the user wants it', async () => {
    const asked = { ...key, baseURL: url, api: 'responses' as const };
    expect((await send('openai', asked)).body.store).toBe(false);
    const stored = { ...asked, providerOptions: { openai: { store: true } } };
    expect((await send('openai', stored)).body.store).toBe(true);
  });

  it('finds its server and its key in the environment that was given', async () => {
    const env = {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: 'k-env',
      VLLM_BASE_URL: `${url}/v1`,
      GEMINI_API_KEY: 'k-gem',
    };
    expect(await send('anthropic', {}, env)).toMatchObject({
      path: '/v1/messages',
      headers: { 'x-api-key': 'k-env' },
    });
    expect((await send('google', { baseURL: url }, env)).headers['x-goog-api-key']).toBe('k-gem');
    const vllm = await send('vllm', {}, env);
    expect(vllm.path).toBe('/v1/chat/completions');
    expect(vllm.headers).not.toHaveProperty('authorization');
  });
});

describe('the process environment', () => {
  it('is not looked at', async () => {
    for (const name of ['OPENAI', 'ANTHROPIC', 'GOOGLE_GENERATIVE_AI', 'GROQ'])
      vi.stubEnv(`${name}_API_KEY`, 'leaked');
    vi.stubEnv('OPENAI_BASE_URL', `${url}/leaked`);
    vi.stubEnv('ANTHROPIC_BASE_URL', `${url}/leaked`);
    for (const provider of ['openai', 'anthropic', 'google', 'groq']) {
      await expect(providers.open(provider, 'm', SETTINGS, {})).rejects.toMatchObject({
        code: 'llm/missing-key',
      });
    }
    const urls: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      urls.push(String(input));
      return new Response('{}', { status: 500 });
    };
    const env = { OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b' };
    for (const provider of ['openai', 'anthropic']) {
      const model = await providers.open(provider, 'm', { ...SETTINGS, fetch }, env);
      await collect(model.call(REQUEST, createContext())).catch(() => undefined);
    }
    expect(urls).toEqual(['https://api.openai.com/v1/responses', 'https://api.anthropic.com/v1/messages']);
  });
});

describe('what is missing is named', () => {
  it.each([
    ['openai', 'OPENAI_API_KEY'],
    ['anthropic', 'ANTHROPIC_API_KEY'],
    ['google', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    ['openrouter', 'OPENROUTER_API_KEY'],
    ['togetherai', 'TOGETHER_API_KEY'],
  ])('the key of %s', async (provider, variable) => {
    await expect(providers.open(provider, 'm', SETTINGS, { [variable]: '' })).rejects.toMatchObject({
      code: 'llm/missing-key',
      details: { provider, variable },
      message: expect.stringMatching(/--rehearse/),
    });
  });

  it('the server of openai-compatible', async () => {
    await expect(providers.open('openai-compatible', 'm', SETTINGS, {})).rejects.toMatchObject({
      code: 'llm/missing-base-url',
      details: { provider: 'openai-compatible', variable: 'OPENAI_COMPATIBLE_BASE_URL' },
    });
  });

  it('the variable of a key that was refused, and the key itself never', async () => {
    const model = await providers.open(
      'groq',
      'm',
      { ...SETTINGS, baseURL: url },
      { GROQ_API_KEY: 'odd-key' },
    );
    const error = await collect(model.call(REQUEST, createContext())).catch((thrown: Error) => thrown);
    expect(String(error)).toContain('GROQ_API_KEY');
    expect(JSON.stringify(error)).not.toContain('odd-key');
  });
});

it('names all its providers, sorted', () => {
  const names = ['anthropic', 'gemini', 'google', 'openai', 'rehearsal', ...Object.keys(COMPATIBLE_HOSTS)];
  expect(providers.names).toEqual(names.sort());
});

it('opens models under the names that were asked for, with the price that was given', async () => {
  const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 2 };
  const model = await providers.open(
    'openrouter',
    'meta/llama',
    { ...SETTINGS, price },
    { OPENROUTER_API_KEY: 'k' },
  );
  expect(model).toMatchObject({ id: 'openrouter/meta/llama', price });
  expect((await providers.open('rehearsal', 'default', SETTINGS, {})).id).toBe('rehearsal/default');
  expect(providers.priceOf('rehearsal', 'default')).toMatchObject({ inputUsdPerMillion: 0 });
  expect(providers.priceOf('openai', 'gpt-x')).toBeUndefined();
});

it('adopts model objects of the AI SDK, and nothing else', () => {
  expect(providers.adopt(createFakeModel('v3', {}).model, SETTINGS)?.id).toBe('fake/model-1');
  expect(providers.adopt({ id: 'x' }, SETTINGS)).toBeUndefined();
});

it('asks only hosts that take schemas for an answer by a schema', async () => {
  const schema = { type: 'object', properties: {}, additionalProperties: false };
  const asked = async (provider: string) => {
    const settings = { ...SETTINGS, baseURL: url, apiKey: new Secret('k') };
    const model = await providers.open(provider, 'm', settings, {});
    const request = { ...REQUEST, output: { name: 'answer', schema } };
    await collect(model.call(request, createContext())).catch(() => undefined);
    const format = last.body.response_format;
    return isJsonObject(format) ? format.type : undefined;
  };
  expect(await asked('openai')).toBe('json_schema');
  expect(await asked('fireworks')).toBe('json_schema');
  expect(await asked('deepseek')).toBeUndefined();
});

it('loads no vendor and no socket library before a model is opened', () => {
  const module = JSON.stringify(join(import.meta.dirname, 'providers.ts'));
  const code = `import { registerHooks } from 'node:module';
    const heavy = [];
    registerHooks({ resolve: (name, context, next) => { if (/^(@ai-sdk|undici|zod|@cfworker)/.test(name)) heavy.push(name); return next(name, context); } });
    (await import(${module})).builtinProviders();
    console.log(JSON.stringify(heavy));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  expect(JSON.parse(out)).toEqual([]);
});

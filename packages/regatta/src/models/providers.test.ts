import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
import { OPTIONAL_PACKAGES } from './optional-packages.ts';
import { builtinProviders } from './providers.ts';
import { infoOf, listProviders } from './vendors/table.ts';

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
  await expect(collect((tell) => model.call(REQUEST, createContext(), tell))).rejects.toMatchObject({
    code: 'model/authentication',
  });
  return last;
}

/** Where `provider` is asked by default. */
async function urlOf(provider: string, env: Record<string, string>): Promise<string> {
  let asked = '';
  const fetch: typeof globalThis.fetch = async (input) => {
    asked = String(input);
    return new Response('{}', { status: 500 });
  };
  const model = await providers.open(provider, 'm', { ...SETTINGS, fetch }, env);
  await collect((tell) => model.call(REQUEST, createContext(), tell)).catch(() => undefined);
  return asked;
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
    ['bedrock', '/model/some-model/converse', { authorization: 'Bearer k-1' }],
    ['cohere', '/chat', { authorization: 'Bearer k-1' }],
    ['vertex', '/models/some-model:generateContent', { 'x-goog-api-key': 'k-1' }],
    ['azure', '/responses', { 'api-key': 'k-1' }],
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

  it('of azure goes to the deployment where a dated version is given, and stores nothing where none is', async () => {
    const dated = await send(
      'azure',
      { ...key, baseURL: `${url}/openai` },
      { AZURE_API_VERSION: '2024-10-21' },
    );
    expect(dated.path).toBe('/openai/deployments/some-model/chat/completions?api-version=2024-10-21');
    expect((await send('azure', { ...key, baseURL: url })).body.store).toBe(false);
    const chat = await send('azure', { ...key, baseURL: url, api: 'chat' });
    expect(chat.path).toBe('/chat/completions');
  });

  it.each([
    [{ AZURE_RESOURCE_NAME: 'team' }, 'https://team.openai.azure.com/openai/v1/responses?api-version=v1'],
    [
      { AZURE_OPENAI_ENDPOINT: 'https://team.openai.azure.com/' },
      'https://team.openai.azure.com/openai/v1/responses?api-version=v1',
    ],
    [
      { AZURE_OPENAI_ENDPOINT: 'https://team.openai.azure.com/openai/v1' },
      'https://team.openai.azure.com/openai/v1/responses',
    ],
    [{ AZURE_OPENAI_ENDPOINT: 'https://gateway.test/llm' }, 'https://gateway.test/llm/responses'],
  ])('of azure with %j goes to %s', async (env, expected) => {
    expect(await urlOf('azure', { AZURE_API_KEY: 'k', ...env })).toBe(expected);
  });

  it('of bedrock is signed with the keys of the account, and names its region', async () => {
    const account = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'shh', AWS_SESSION_TOKEN: 'tok' };
    const request = await send('bedrock', { baseURL: url }, { ...account, AWS_REGION: 'eu-west-1' });
    expect(request.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/bedrock/,
    );
    expect(request.headers['x-amz-security-token']).toBe('tok');
    expect(await urlOf('bedrock', { AWS_BEARER_TOKEN_BEDROCK: 'k', AWS_REGION: 'eu-west-1' })).toBe(
      'https://bedrock-runtime.eu-west-1.amazonaws.com/model/m/converse',
    );
  });

  it('of vertex takes the key to the express interface', async () => {
    expect(await urlOf('vertex', { GOOGLE_VERTEX_API_KEY: 'k' })).toBe(
      'https://aiplatform.googleapis.com/v1/publishers/google/models/m:generateContent',
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
    for (const { keyVariables, otherVariables, baseURLVariable } of listProviders()) {
      for (const name of [...keyVariables, ...otherVariables]) vi.stubEnv(name, 'leaked');
      if (baseURLVariable !== null) vi.stubEnv(baseURLVariable, `${url}/leaked`);
    }
    for (const { name, needsKey } of listProviders()) {
      if (!needsKey) continue;
      await expect(providers.open(name, 'm', SETTINGS, {})).rejects.toMatchObject({
        code: 'llm/missing-key',
      });
    }
    const places: readonly [string, Record<string, string>, string][] = [
      ['azure', { AZURE_API_KEY: 'k', AZURE_RESOURCE_NAME: 'own' }, 'own.openai.azure.com'],
      [
        'bedrock',
        { AWS_BEARER_TOKEN_BEDROCK: 'k', AWS_REGION: 'us-east-1' },
        'bedrock-runtime.us-east-1.amazonaws.com',
      ],
      ['cohere', { COHERE_API_KEY: 'k' }, 'api.cohere.com'],
      ['vertex', { GOOGLE_VERTEX_API_KEY: 'k' }, 'aiplatform.googleapis.com'],
    ];
    for (const [provider, env, host] of places) expect(new URL(await urlOf(provider, env)).host).toBe(host);
    const account = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'shh', AWS_REGION: 'us-east-1' };
    const signed = await send('bedrock', { baseURL: url }, account);
    expect(signed.headers).not.toHaveProperty('x-amz-security-token');
    expect(signed.headers.authorization).toContain('Credential=AKID/');
    const urls: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      urls.push(String(input));
      return new Response('{}', { status: 500 });
    };
    const env = { OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b' };
    for (const provider of ['openai', 'anthropic']) {
      const model = await providers.open(provider, 'm', { ...SETTINGS, fetch }, env);
      await collect((tell) => model.call(REQUEST, createContext(), tell)).catch(() => undefined);
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
    ['azure', 'AZURE_API_KEY'],
    ['bedrock', 'AWS_BEARER_TOKEN_BEDROCK'],
    ['cohere', 'COHERE_API_KEY'],
    ['vertex', 'GOOGLE_VERTEX_API_KEY'],
  ])('the key of %s', async (provider, variable) => {
    await expect(providers.open(provider, 'm', SETTINGS, { [variable]: '' })).rejects.toMatchObject({
      code: 'llm/missing-key',
      details: { provider, variable },
      message: expect.stringMatching(/--rehearse/),
    });
  });

  it.each([
    ['azure', 'AZURE_RESOURCE_NAME', { AZURE_API_KEY: 'k' }],
    ['bedrock', 'AWS_REGION', { AWS_BEARER_TOKEN_BEDROCK: 'k' }],
    ['vertex', 'GOOGLE_VERTEX_PROJECT', { GOOGLE_CLIENT_EMAIL: 'e', GOOGLE_PRIVATE_KEY: 'p' }],
    [
      'vertex',
      'GOOGLE_VERTEX_LOCATION',
      { GOOGLE_CLIENT_EMAIL: 'e', GOOGLE_PRIVATE_KEY: 'p', GOOGLE_VERTEX_PROJECT: 'x' },
    ],
  ])('the place of %s: %s', async (provider, variable, env) => {
    await expect(providers.open(provider, 'm', SETTINGS, env)).rejects.toMatchObject({
      code: 'llm/missing-base-url',
      details: { provider, variable },
    });
  });

  it('the package of a provider, with the command that installs it', () => {
    for (const [provider, name] of [
      ['azure', '@ai-sdk/azure'],
      ['bedrock', '@ai-sdk/amazon-bedrock'],
      ['cohere', '@ai-sdk/cohere'],
      ['vertex', '@ai-sdk/google-vertex'],
    ] as const) {
      expect(openWithout(name, provider)).toEqual({
        code: 'llm/missing-package',
        details: { provider, package: name, command: `npm install ${name}@${OPTIONAL_PACKAGES[name]}` },
      });
    }
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
    const error = await collect((tell) => model.call(REQUEST, createContext(), tell)).catch(
      (thrown: Error) => thrown,
    );
    expect(String(error)).toContain('GROQ_API_KEY');
    expect(JSON.stringify(error)).not.toContain('odd-key');
  });
});

it('names all its providers, sorted', () => {
  const own = [
    'anthropic',
    'azure',
    'bedrock',
    'cohere',
    'gemini',
    'google',
    'openai',
    'rehearsal',
    'vertex',
  ];
  expect(providers.names).toEqual([...own, ...Object.keys(COMPATIBLE_HOSTS)].sort());
  expect(listProviders().map(({ name }) => name)).toEqual(providers.names);
  expect(providers.embedders?.names).toEqual(providers.names.filter((name) => infoOf(name).embeds));
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
  const other = builtinProviders({ prices: { 'openai/gpt-x': price } });
  expect(other.priceOf('openai', 'gpt-x')).toBe(price);
});

it('pins the packages that it asks for, and the tests run with the same', () => {
  const read = (path: string): Record<string, Record<string, string>> =>
    JSON.parse(readFileSync(join(import.meta.dirname, path), 'utf8'));
  const { devDependencies } = read('../../../../package.json');
  const { peerDependencies = {}, peerDependenciesMeta = {} } = read('../../package.json');
  for (const [name, version] of Object.entries(OPTIONAL_PACKAGES)) {
    expect(devDependencies?.[name]).toBe(version);
    expect(peerDependencies[name]).toBe(`^${version}`);
    expect(peerDependenciesMeta[name]).toEqual({ optional: true });
  }
  const { dependencies } = read('../../package.json');
  for (const { name, package: needed, install } of listProviders()) {
    const isThere = needed === null || dependencies?.[needed] !== undefined;
    expect({ name, isThere }).toEqual({ name, isThere: install === null });
  }
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
    await collect((tell) => model.call(request, createContext(), tell)).catch(() => undefined);
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
    registerHooks({ resolve: (name, context, next) => { if (/^(@ai-sdk|undici|zod|@cfworker|gpt-tokenizer|@pydantic)/.test(name)) heavy.push(name); return next(name, context); } });
    (await import(${module})).builtinProviders();
    console.log(JSON.stringify(heavy));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  expect(JSON.parse(out)).toEqual([]);
});

/** What opening `provider` fails with in a process that does not have `missing`. */
function openWithout(missing: string, provider: string): unknown {
  const module = JSON.stringify(join(import.meta.dirname, 'providers.ts'));
  const code = `import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => {
      if (name !== ${JSON.stringify(missing)}) return next(name, context);
      throw Object.assign(new Error("Cannot find package '" + name + "' imported from x"), { code: 'ERR_MODULE_NOT_FOUND' });
    } });
    const providers = (await import(${module})).builtinProviders();
    const env = { AZURE_API_KEY: 'k', AZURE_RESOURCE_NAME: 'r', AWS_BEARER_TOKEN_BEDROCK: 'k', AWS_REGION: 'r',
      COHERE_API_KEY: 'k', GOOGLE_VERTEX_API_KEY: 'k' };
    const retry = { maxAttempts: 1, minDelayMs: 0, maxDelayMs: 0, retry: 'always' };
    try { await providers.open(${JSON.stringify(provider)}, 'm', { timeoutMs: 1000, retry }, env); }
    catch ({ code, details }) { console.log(JSON.stringify({ code, details })); }`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }),
  );
}

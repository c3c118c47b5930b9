import { describe, expect, it } from 'vitest';
import { Secret } from '../../base/secret.ts';
import type { EmbedderSettings } from '../../ports/embedder.ts';
import { createContext } from '../fixtures/context.fixture.ts';
import { builtinProviders } from '../providers.ts';

const SETTINGS: EmbedderSettings = {
  timeoutMs: 1000,
  retry: { maxAttempts: 1, minDelayMs: 0, maxDelayMs: 0, retry: 'always' },
  apiKey: new Secret('k-1'),
};
const { embedders } = builtinProviders();

interface Asked {
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Asks `provider`, which answers with `answer`; gives what was asked and what came out. */
async function ask(provider: string, answer: object, settings: Partial<EmbedderSettings> = {}) {
  const asked: Asked[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push({
      url: String(input),
      headers: new Headers(init?.headers),
      body: JSON.parse(String(init?.body)),
    });
    return answer instanceof Response ? answer : Response.json(answer);
  };
  const env = { AWS_REGION: 'us-east-1', AZURE_RESOURCE_NAME: 'team' };
  const embedder = await embedders!.open(provider, 'm', { ...SETTINGS, fetch, ...settings }, env);
  const reply = await embedder.embed(['a', 'b'].slice(0, embedder.maxTexts), createContext());
  return { embedder, reply, asked: asked[0]! };
}

const base64 = (...values: number[]): string =>
  Buffer.from(new Float32Array(values).buffer).toString('base64');

describe('the interface of OpenAI', () => {
  const answer = {
    data: [
      { index: 1, embedding: base64(3, 4) },
      { index: 0, embedding: base64(1, 2) },
    ],
    model: 'm-2',
    usage: { prompt_tokens: 7 },
  };

  it('takes vectors as bytes, and by their index', async () => {
    const { reply, asked, embedder } = await ask('openai', answer, { dimensions: 2 });
    expect(reply).toMatchObject({
      vectors: [
        [1, 2],
        [3, 4],
      ],
      modelId: 'm-2',
      usage: { inputTokens: 7, outputTokens: 0 },
    });
    expect(asked).toMatchObject({
      url: 'https://api.openai.com/v1/embeddings',
      body: { model: 'm', input: ['a', 'b'], encoding_format: 'base64', dimensions: 2 },
    });
    expect(asked.headers.get('authorization')).toBe('Bearer k-1');
    expect(embedder).toMatchObject({ id: 'openai/m', maxTexts: 2048 });
  });

  it.each([
    ['ollama', 'http://127.0.0.1:11434/v1/embeddings', 'dimensions', 2048],
    ['mistral', 'https://api.mistral.ai/v1/embeddings', 'output_dimension', 32],
    ['togetherai', 'https://api.together.ai/v1/embeddings', 'dimensions', 2048],
  ])('is that of %s, with numbers', async (provider, url, dimensions, maxTexts) => {
    const numbers = { data: [{ embedding: [1] }, { embedding: [2] }] };
    const { reply, asked, embedder } = await ask(provider, numbers, { dimensions: 1 });
    expect(reply).toMatchObject({ vectors: [[1], [2]], modelId: null, usage: { inputTokens: null } });
    expect(asked).toMatchObject({ url, body: { encoding_format: 'float', [dimensions]: 1 } });
    expect(embedder.maxTexts).toBe(maxTexts);
  });

  it('is that of Azure, by deployment where a dated version is given', async () => {
    const { asked } = await ask('azure', answer);
    expect(asked.url).toBe('https://team.openai.azure.com/openai/v1/embeddings');
    expect(asked.headers.get('api-key')).toBe('k-1');
  });

  it('passes provider options and headers on', async () => {
    const settings = {
      providerOptions: { openai: { user: 'u' } },
      headers: { 'x-team': 'red' },
      maxTexts: 9,
    };
    const { asked, embedder } = await ask('openai', answer, settings);
    expect(asked.body).toMatchObject({ user: 'u' });
    expect(asked.headers.get('x-team')).toBe('red');
    expect(embedder.maxTexts).toBe(9);
  });
});

it('of Gemini one request carries all texts', async () => {
  const answer = { embeddings: [{ values: [1] }, { values: [2] }], usageMetadata: { promptTokenCount: 5 } };
  const { reply, asked } = await ask('google', answer, { dimensions: 1 });
  expect(reply).toMatchObject({ vectors: [[1], [2]], usage: { inputTokens: 5 } });
  expect(asked).toMatchObject({
    url: 'https://generativelanguage.googleapis.com/v1beta/models/m:batchEmbedContents',
    body: {
      requests: [
        { model: 'models/m', content: { parts: [{ text: 'a' }] }, outputDimensionality: 1 },
        { model: 'models/m', content: { parts: [{ text: 'b' }] }, outputDimensionality: 1 },
      ],
    },
  });
});

it('of Cohere, Bedrock and Vertex their packages ask', async () => {
  const cohere = { embeddings: { float: [[1], [2]] }, meta: { billed_units: { input_tokens: 3 } } };
  expect((await ask('cohere', cohere, { dimensions: 256 })).asked.body).toMatchObject({
    output_dimension: 256,
  });
  const { reply } = await ask('cohere', cohere);
  expect(reply).toMatchObject({ vectors: [[1], [2]], usage: { inputTokens: 3 } });
  const bedrock = await ask('bedrock', { embedding: [1], inputTextTokenCount: 2 }, { dimensions: 256 });
  expect(bedrock.embedder.maxTexts).toBe(1);
  expect(bedrock.asked.url).toBe('https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke');
  expect(bedrock.asked.body).toMatchObject({ dimensions: 256 });
  expect(bedrock.reply.usage.inputTokens).toBe(2);
  const predictions = [1, 2].map((value) => ({
    embeddings: { values: [value], statistics: { token_count: 4 } },
  }));
  const vertex = await ask('vertex', { predictions });
  expect(vertex.reply).toMatchObject({ vectors: [[1], [2]], usage: { inputTokens: 8 } });
});

describe('what cannot be used', () => {
  const failed = (provider: string, answer: object) => ask(provider, answer).catch((error: Error) => error);

  it('is an error of its code, without the key', async () => {
    const body = { error: { message: 'Incorrect API key provided: k-1', code: 'invalid_api_key' } };
    const error = await failed(
      'openai',
      Response.json(body, { status: 401, headers: { 'retry-after': '2' } }),
    );
    expect(error).toMatchObject({
      code: 'model/authentication',
      details: { status: 401, retryAfterMs: 2000, providerCode: 'invalid_api_key' },
    });
    expect(String(error)).not.toContain('k-1');
  });

  it.each([
    [{ data: [{ embedding: [1] }] }],
    [{ data: 'x' }],
    [{ data: [{}, {}] }],
    [new Response('<html>')],
  ])('is malformed: %j', async (answer) => {
    expect(await failed('openai', answer)).toMatchObject({ code: 'model/malformed-response' });
  });
});

it.each(['v2', 'v3', 'v4'] as const)(
  'adopts embedding models of version %s, and nothing else',
  async (version) => {
    const asked: object[] = [];
    const object = {
      specificationVersion: version,
      provider: 'fake.embedding',
      modelId: 'm',
      maxEmbeddingsPerCall: Promise.resolve(3),
      supportsParallelCalls: true,
      async doEmbed(options: object) {
        asked.push(options);
        return { embeddings: [[1]], usage: { tokens: Number.NaN }, warnings: [] };
      },
    };
    const embedder = await embedders!.adopt(object, { ...SETTINGS, dimensions: 1 });
    expect(embedder).toMatchObject({ id: 'fake/m', maxTexts: 3 });
    const reply = await embedder!.embed(['a'], createContext());
    expect(reply).toMatchObject({ vectors: [[1]], usage: { inputTokens: null, outputTokens: 0 } });
    expect(asked[0]).toMatchObject({ values: ['a'], dimensions: 1 });
    expect(embedders!.adopt({ specificationVersion: version }, SETTINGS)).toBeUndefined();
  },
);

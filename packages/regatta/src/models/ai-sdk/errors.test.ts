import { describe, expect, it } from 'vitest';
import { isRegattaError, RegattaError } from '../../base/errors.ts';
import { toModelError } from './errors.ts';

const CALL = { model: 'openai/gpt-x', keyVariable: 'OPENAI_API_KEY', key: 'very-secret', now: 1_000_000 };

/** As the packages throw for an answer with an error status. */
function apiError(statusCode: number, body: unknown, responseHeaders: Record<string, string> = {}): Error {
  const responseBody = typeof body === 'string' ? body : JSON.stringify(body);
  const fields = { statusCode, responseBody, responseHeaders, requestBodyValues: { messages: 'a prompt' } };
  return Object.assign(new Error('as the package reads it'), { name: 'AI_APICallError', ...fields });
}

function openAI(code: string | null, message: string, type = 'invalid_request_error'): object {
  return { error: { message, type, param: null, code } };
}

function anthropic(type: string, message: string): object {
  return { type: 'error', error: { type, message } };
}

function gemini(code: number, status: string, message: string): object {
  return { error: { code, message, status } };
}

const CONTENT_POLICY =
  "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.";

describe('the code', () => {
  it.each<[string, Error, string, boolean]>([
    [
      'OpenAI key',
      apiError(401, openAI('invalid_api_key', 'Incorrect API key provided')),
      'authentication',
      false,
    ],
    [
      'Anthropic key',
      apiError(401, anthropic('authentication_error', 'invalid x-api-key')),
      'authentication',
      false,
    ],
    [
      'Gemini key',
      apiError(400, gemini(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.')),
      'authentication',
      false,
    ],
    [
      'permission',
      apiError(403, openAI(null, 'You are not allowed to sample from this model')),
      'permission',
      false,
    ],
    [
      'unknown model',
      apiError(404, openAI('model_not_found', 'The model `x` does not exist')),
      'not-found',
      false,
    ],
    [
      'too fast',
      apiError(429, openAI('rate_limit_exceeded', 'Rate limit reached', 'requests')),
      'rate-limit',
      true,
    ],
    [
      'Gemini too fast',
      apiError(429, gemini(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted.')),
      'rate-limit',
      true,
    ],
    [
      'no quota',
      apiError(429, openAI('insufficient_quota', 'You exceeded your current quota')),
      'quota',
      false,
    ],
    [
      'no credit at Anthropic',
      apiError(400, anthropic('invalid_request_error', 'Your credit balance is too low to access')),
      'quota',
      false,
    ],
    ['no credit at DeepSeek', apiError(402, openAI(null, 'Insufficient Balance')), 'quota', false],
    [
      'too long, OpenAI chat',
      apiError(
        400,
        openAI('context_length_exceeded', "This model's maximum context length is 128000 tokens."),
      ),
      'context-length',
      false,
    ],
    [
      'too long, OpenAI responses',
      apiError(
        400,
        openAI('context_length_exceeded', 'Your input exceeds the context window of this model.'),
      ),
      'context-length',
      false,
    ],
    [
      'too long, Anthropic',
      apiError(400, anthropic('invalid_request_error', 'prompt is too long: 208310 tokens > 200000 maximum')),
      'context-length',
      false,
    ],
    [
      'too long, Anthropic with output',
      apiError(
        400,
        anthropic(
          'invalid_request_error',
          'input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000',
        ),
      ),
      'context-length',
      false,
    ],
    [
      'too long, Gemini',
      apiError(
        400,
        gemini(
          400,
          'INVALID_ARGUMENT',
          'The input token count (1180015) exceeds the maximum number of tokens allowed (1048576).',
        ),
      ),
      'context-length',
      false,
    ],
    [
      'too long, Bedrock',
      apiError(400, {
        message: 'The model returned the following errors: Input is too long for requested model.',
      }),
      'context-length',
      false,
    ],
    [
      // https://github.com/strands-agents/harness-sdk/pull/1663
      'too long, Claude on Bedrock',
      apiError(400, {
        message:
          'The model returned the following errors: prompt is too long: 903884 tokens > 200000 maximum',
      }),
      'context-length',
      false,
    ],
    [
      'too long, Azure',
      apiError(400, {
        error: {
          message:
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9064 tokens. Please reduce the length of the messages.",
          type: 'invalid_request_error',
          param: 'messages',
          code: 'context_length_exceeded',
        },
      }),
      'context-length',
      false,
    ],
    [
      // https://github.com/thepersonalaicompany/amurex-backend/issues/51
      'too long, Groq',
      apiError(400, {
        error: {
          message: 'Please reduce the length of the messages or completion.',
          type: 'invalid_request_error',
          param: 'messages',
          code: 'context_length_exceeded',
        },
      }),
      'context-length',
      false,
    ],
    [
      // https://github.com/cline/cline/issues/3120
      'too long, xAI',
      apiError(400, {
        code: 'Client specified an invalid argument',
        error: "This model's maximum prompt length is 131072 but the request contains 136973 tokens.",
      }),
      'context-length',
      false,
    ],
    [
      // https://github.com/cohere-ai/sandbox-topically/issues/4
      'too long, Cohere',
      apiError(400, {
        message:
          'too many tokens: total number of tokens (prompt and prediction) cannot exceed 2048 - received 6354. Try using a shorter prompt or a smaller max_tokens value.',
      }),
      'context-length',
      false,
    ],
    [
      // https://github.com/huggingface/llm-vscode/issues/94
      'too long, text-generation-inference',
      apiError(422, {
        error:
          'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3474 `inputs` tokens and 60 `max_new_tokens`',
        error_type: 'validation',
      }),
      'context-length',
      false,
    ],
    [
      'too long, vLLM',
      apiError(400, {
        object: 'error',
        message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
        code: 400,
      }),
      'context-length',
      false,
    ],
    [
      'too long, llama.cpp',
      apiError(400, {
        error: {
          code: 400,
          message: 'the request exceeds the available context size',
          type: 'exceed_context_size_error',
        },
      }),
      'context-length',
      false,
    ],
    [
      'filtered by Azure',
      apiError(400, { error: { message: CONTENT_POLICY, code: 'content_filter', status: 400 } }),
      'content-filter',
      false,
    ],
    [
      'bad parameter',
      apiError(400, openAI('unsupported_parameter', "Unsupported parameter: 'stop'")),
      'invalid-request',
      false,
    ],
    ['unreadable', apiError(422, { detail: 'tools.0: field required' }), 'invalid-request', false],
    ['their fault', apiError(500, openAI(null, 'The server had an error', 'server_error')), 'failed', true],
    ['bad gateway', apiError(502, '<html>Bad gateway</html>'), 'failed', true],
    ['conflict', apiError(409, {}), 'failed', true],
    [
      'unavailable',
      apiError(503, gemini(503, 'UNAVAILABLE', 'The model is overloaded.')),
      'overloaded',
      true,
    ],
    ['overloaded', apiError(529, anthropic('overloaded_error', 'Overloaded')), 'overloaded', true],
    ['gateway timeout', apiError(504, ''), 'timeout', true],
    [
      'an error in a 200',
      apiError(200, { error: { code: 401, message: 'No cookie auth credentials found' } }),
      'authentication',
      false,
    ],
    [
      'an error in an event',
      apiError(400, 'event: error\ndata: {"error":{"message":"context_length_exceeded"}}\n\n'),
      'context-length',
      false,
    ],
  ])('%s', (_, error, code, retryable) => {
    const ours = toModelError(error, CALL);
    expect(ours.code).toBe(`model/${code}`);
    expect(ours.details).toMatchObject({ model: 'openai/gpt-x', retryable });
  });

  it.each([
    [{ type: 'overloaded_error', message: 'Overloaded' }, 'model/overloaded', 529],
    [
      { type: 'invalid_request_error', code: 'tool_use_failed', message: 'Failed to call a function.' },
      'model/invalid-request',
      400,
    ],
    [{ code: 429, message: 'Rate limit exceeded: free-models-per-min' }, 'model/rate-limit', 429],
    [{ type: 'server_error', statusCode: 500, message: 'oops' }, 'model/failed', 500],
    [{ code: 'insufficient_quota', message: 'You exceeded your current quota' }, 'model/quota', 429],
  ])('errors inside a stream: %o', (error, code, status) => {
    expect(toModelError(error, CALL)).toMatchObject({ code, details: { status } });
  });

  it.each([
    ['ECONNREFUSED', 'model/network'],
    ['ECONNRESET', 'model/network'],
    ['ENOTFOUND', 'model/network'],
    ['UND_ERR_SOCKET', 'model/network'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'model/network'],
    ['CERT_HAS_EXPIRED', 'model/network'],
    ['ETIMEDOUT', 'model/timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'model/timeout'],
  ])('the network: %s, however deep', (code, ours) => {
    const cause = Object.assign(new Error('connect failed'), { code });
    const error = new Error('Failed to process successful response', {
      cause: new TypeError('x', { cause }),
    });
    const mapped = toModelError(error, CALL);
    expect(mapped).toMatchObject({
      code: ours,
      cause,
      details: { status: null, retryable: true, providerCode: null },
    });
  });

  it.each([
    ['AI_JSONParseError', 'model/malformed-response', true],
    ['AI_TypeValidationError', 'model/malformed-response', true],
    ['AI_EmptyResponseBodyError', 'model/malformed-response', true],
    ['IncompleteAnswer', 'model/malformed-response', true],
    ['AI_UnsupportedFunctionalityError', 'model/invalid-request', false],
    ['AI_InvalidArgumentError', 'model/invalid-request', false],
    ['RangeError', 'model/failed', false],
  ])('%s', (name, code, retryable) => {
    expect(toModelError(Object.assign(new Error('x'), { name }), CALL)).toMatchObject({
      code,
      details: { retryable },
    });
  });

  it.each([
    ['ERR_INVALID_URL', 'model/failed'],
    ['UND_ERR_INVALID_ARG', 'model/invalid-request'],
  ])('what failed before anything was sent is not tried again: %s', (code, ours) => {
    const error = Object.assign(new TypeError('bad'), { code });
    expect(toModelError(error, CALL)).toMatchObject({ code: ours, details: { retryable: false } });
  });

  it('a 200 that is not JSON is a malformed response', () => {
    const cause = Object.assign(new Error('JSON parsing failed'), { name: 'AI_JSONParseError' });
    const error = Object.assign(apiError(200, '{"choices": ['), { cause });
    expect(toModelError(error, CALL)).toMatchObject({
      code: 'model/malformed-response',
      details: { status: 200 },
    });
  });

  it('options of ours that a package refuses are our fault, although it found that by a schema', () => {
    const cause = Object.assign(new Error('x'), { name: 'AI_TypeValidationError' });
    const error = Object.assign(new Error('invalid options', { cause }), { name: 'AI_InvalidArgumentError' });
    expect(toModelError(error, CALL).code).toBe('model/invalid-request');
  });

  it('whatever else is thrown is a failure, also what is no error', () => {
    for (const thrown of [undefined, null, 'a text', 5])
      expect(isRegattaError(toModelError(thrown, CALL), 'model/failed')).toBe(true);
  });

  it('an error of ours stays itself', () => {
    const error = new RegattaError('runtime/closed', 'x', { state: 'closed' });
    expect(toModelError(error, CALL)).toBe(error);
  });
});

describe('how long to wait', () => {
  it.each<[Record<string, string>, number | null]>([
    [{ 'retry-after': '20' }, 20_000],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after-ms': '250', 'retry-after': '20' }, 250],
    [{ 'retry-after': new Date(1_030_000).toUTCString() }, 30_000],
    [{ 'retry-after': new Date(0).toUTCString() }, 0],
    [{ 'retry-after': 'soon' }, null],
    [{}, null],
  ])('%o', (headers, retryAfterMs) => {
    expect(toModelError(apiError(429, {}, headers), CALL).details).toMatchObject({ retryAfterMs });
  });

  it('reads what Gemini writes into the body', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.5s' }];
    const body = { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'slow down', details } };
    expect(toModelError(apiError(429, body), CALL).details).toMatchObject({ retryAfterMs: 34_500 });
  });
});

describe('the message', () => {
  it('says what is wrong with which model, what the provider said, and the mend', () => {
    const error = apiError(401, openAI('invalid_api_key', 'Incorrect API key provided.'));
    expect(toModelError(error, CALL).message).toBe(
      'The key for openai/gpt-x was refused (401: "Incorrect API key provided."). Set OPENAI_API_KEY to a valid key, or pass apiKey.',
    );
  });

  it.each([
    'Incorrect API key provided: sk-proj-abcdefgh12345678',
    'Incorrect API key provided: sk-ab**************7890.',
    'API key AIzaSyA1234567890abcdef is invalid',
    'header Authorization: Bearer abc.def.ghi was refused',
    'the key very-secret is unknown',
    'gsk_abcdefghijklmnop is not active',
  ])('never shows a key: %s', (said) => {
    const { message } = toModelError(apiError(401, openAI(null, said)), CALL);
    expect(message).toContain('[key]');
    expect(message).not.toMatch(/abcdef|7890|SyA1|abc\.def|very-secret/);
  });

  it('carries neither the request nor the whole of a long answer', () => {
    const ours = toModelError(apiError(400, openAI(null, 'x'.repeat(5000))), CALL);
    expect(ours.message.length).toBeLessThan(600);
    expect(JSON.stringify(ours.details)).not.toContain('a prompt');
    expect(ours.cause).toBeUndefined();
  });
});

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createRuntime, LLM } from '../index.ts';
import { createFetches } from './fetch.ts';

test('a server that never shakes hands is given up after connectMs: it is told which limit, and nothing is billed', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1'); // takes connections, and says nothing
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const runtime = createRuntime();
  const llm = new LLM({
    model: 'openai-compatible/some-model',
    baseURL: `https://127.0.0.1:${port}/v1`,
    timeouts: { connectMs: 20 },
    retry: { maxAttempts: 1 },
  });
  const run = llm.start('hello', { runtime });
  await expect(run.result).rejects.toMatchObject({
    code: 'model/timeout',
    details: { timeout: 'connect', retryable: true, status: null },
  });
  expect(run.ledger).toMatchObject([{ status: 'failed', source: 'none', costNanoUsd: 0 }]);
  await runtime.close();
  server.close();
});

test('limits on connecting share no sockets, and one limit shares them', async () => {
  const fetches = createFetches({ connections: 1 });
  expect(fetches.get(5)).toBe(fetches.get(5));
  expect(fetches.get(5)).not.toBe(fetches.get(6));
  const late = fetches.get(5);
  await fetches.close();
  await expect(late('http://127.0.0.1:1')).rejects.toThrow('closed');
});

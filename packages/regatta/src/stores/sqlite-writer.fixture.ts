/** A process that keeps replies in a SQLite file, and prints what it finds: `file`, `mode`, `name`. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRuntime, LLM, sqliteCache } from '../index.ts';

const [file = '', mode = '', name = ''] = process.argv.slice(2);

if (mode === 'write') {
  const cache = sqliteCache(file);
  for (let index = 0; index < 50; index++)
    cache.write(`${name}-${index}`, `text ${index}`, { nowMs: 0, expiresAtMs: 1_000 });
  await cache.close();
  process.stdout.write(JSON.stringify(cache.stats()));
} else if (mode === 'forget') {
  const cache = sqliteCache(file);
  cache.write('forgotten', 'text', { nowMs: 0, expiresAtMs: 1_000 });
  process.stdout.write('done'); // and ends by itself, without close
} else {
  // An OpenAI-compatible server of its own, always at the address that `name` gives.
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    const message = { role: 'assistant', content: `answer of ${process.pid}` };
    const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ id: 'x', model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }], usage }),
    );
  }).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cache = sqliteCache(file);
  // The address is one that is known to both processes; `fetch` brings the request to the own server.
  const llm = new LLM({
    model: 'openai-compatible/m',
    baseURL: 'http://shared.example/v1',
    apiKey: 'none',
    fetch: (_, init) => fetch(`http://127.0.0.1:${port}/`, init),
    cache: { store: cache, scope: 'tenant-a' },
  });
  await using runtime = createRuntime();
  const result = await llm.call('hello', { runtime });
  await cache.close();
  server.close();
  process.stdout.write(
    JSON.stringify({ text: result.text, requests, ...result.report, stats: cache.stats() }),
  );
}

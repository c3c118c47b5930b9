/** A crew that asks a model server, and the server: it counts who asked, and answers when it may. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, Crew, crewRef, LLM, Task } from '../../index.ts';

/** What each call may need beside its prompt. */
export const MAX_TOKENS = 1_000;

const llm = new LLM({
  model: 'openai-compatible/tide',
  baseURL: process.env.REGATTA_TEST_URL ?? 'http://127.0.0.1:1/',
  apiKey: 'none',
  maxTokens: MAX_TOKENS,
});
const agent = new Agent({ role: 'pilot', goal: 'Ask', llm });
const task = new Task({ name: 'ask', description: 'Ask about <{port}>', expectedOutput: 'A word', agent });

export const asking: Crew = new Crew({
  name: 'asking',
  agents: [agent],
  tasks: [task],
  ref: crewRef({ name: 'asking', module: import.meta.url, export: 'asking' }),
});

export interface ModelServer extends AsyncDisposable {
  /** For the workers. */
  readonly env: Readonly<Record<string, string>>;
  /** The port of each request, in the order in which they came. */
  readonly asked: readonly string[];
}

/** Each answer takes 10 tokens, and waits for what `hold` gives. */
export async function serveModel(
  hold: (port: string) => Promise<void> = async () => undefined,
): Promise<ModelServer> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const [, port = ''] = /<([\w-]+)>/.exec(body) ?? [];
    asked.push(port);
    await hold(port);
    const message = { role: 'assistant', content: `high at ${port}` };
    const usage = { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 };
    response.setHeader('content-type', 'application/json');
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    response.end(JSON.stringify({ id: 'x', model: 'tide', choices, usage }));
  }).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    env: { REGATTA_TEST_URL: `http://127.0.0.1:${port}/` },
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

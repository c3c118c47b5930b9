/**
 * A model server for the benchmark: chat completions as OpenAI's, not streamed, the same answer for
 * the same question. It asks for the first tool that it is offered, and answers with some 200 tokens
 * of text once a tool's result is there, or if there is no tool. Both carry the marker of the request.
 *
 * Bodies are searched, not parsed, so that the server is not what limits a fast contestant.
 * `GET /hold` keeps every answer back until `GET /release`; `GET /stats` says what was asked.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MODEL_ID } from './job.ts';

export interface MockStats {
  readonly requests: number;
  readonly toolCalls: number;
  readonly texts: number;
  /** Answers that are kept back now. */
  readonly held: number;
}

export interface MockModel {
  /** Such as `http://127.0.0.1:40000`. Models are below `/v1`. */
  readonly origin: string;
  /** Bodies of the requests, if they are kept. */
  readonly bodies: readonly string[];
  close(): Promise<void>;
}

const SENTENCE =
  'The crew finished its task and reports the outcome in plain words, so that the next agent can go on from here. ';
const TEXT = SENTENCE.repeat(7).trimEnd();
const MARKER = /RUN-[0-9a-z]{6}/;
const TOOL_NAME = /"tools":\[\{.*?"name":"([^"]+)"/s;

export async function startMockModel({ port = 0, keepsBodies = false } = {}): Promise<MockModel> {
  const stats = { requests: 0, toolCalls: 0, texts: 0, held: 0 };
  const bodies: string[] = [];
  const held: (() => void)[] = [];
  let isHolding = false;

  function answer(body: string, response: ServerResponse): void {
    stats.requests++;
    if (keepsBodies) bodies.push(body);
    const marker = MARKER.exec(body)?.[0] ?? '';
    const tool = body.includes('"role":"tool"') ? undefined : TOOL_NAME.exec(body)?.[1];
    if (tool === undefined) stats.texts++;
    else stats.toolCalls++;
    const id = stats.requests.toString(36);
    const text = tool === undefined ? textAnswer(id, marker) : toolAnswer(id, tool, marker);
    if (isHolding) held.push(() => sendJson(response, text));
    else sendJson(response, text);
  }

  function control(path: string | undefined, response: ServerResponse): void {
    if (path === '/hold') isHolding = true;
    else if (path === '/release') {
      isHolding = false;
      for (const send of held.splice(0)) send();
    } else if (path !== '/stats') response.statusCode = 404;
    sendJson(response, JSON.stringify({ ...stats, held: held.length } satisfies MockStats));
  }

  const server = createServer({ keepAliveTimeout: 120_000, highWaterMark: 65_536 }, (request, response) => {
    if (request.method === 'POST' && request.url === '/v1/chat/completions') {
      readBody(request, (body) => answer(body, response));
    } else control(request.url, response);
  });
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  const origin = await listen(server, port);
  return {
    origin,
    bodies,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function readBody(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => done(Buffer.concat(chunks).toString('utf8')));
}

function sendJson(response: ServerResponse, text: string): void {
  if (response.destroyed) return;
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(text);
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve);
  });
  const address = server.address() as AddressInfo; // a server that listens on TCP has one
  return `http://127.0.0.1:${address.port}`;
}

function textAnswer(id: string, marker: string): string {
  return completion(id, {
    message: `{"role":"assistant","content":"${marker} ${TEXT}","refusal":null,"annotations":[]}`,
    finishReason: 'stop',
    tokens: 200,
  });
}

function toolAnswer(id: string, tool: string, marker: string): string {
  const call = `{"id":"call_${id}","type":"function","function":{"name":"${tool}","arguments":"{\\"query\\":\\"${marker}\\"}"}}`;
  return completion(id, {
    message: `{"role":"assistant","content":null,"refusal":null,"annotations":[],"tool_calls":[${call}]}`,
    finishReason: 'tool_calls',
    tokens: 18,
  });
}

interface Choice {
  readonly message: string;
  readonly finishReason: string;
  readonly tokens: number;
}

function completion(id: string, { message, finishReason, tokens }: Choice): string {
  const usage = `{"prompt_tokens":120,"completion_tokens":${tokens},"total_tokens":${120 + tokens},"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}`;
  return `{"id":"chatcmpl-${id}","object":"chat.completion","created":1700000000,"model":"${MODEL_ID}","system_fingerprint":"fp_mock","choices":[{"index":0,"message":${message},"logprobs":null,"finish_reason":"${finishReason}"}],"usage":${usage}}`;
}

if (import.meta.main) {
  process.stdin.on('end', () => process.exit(0)).resume(); // whoever started it is gone, however it ended
  console.log((await startMockModel()).origin);
}

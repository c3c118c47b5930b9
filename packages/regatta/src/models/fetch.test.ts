import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type ClosableFetch, createFetch } from './fetch.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Setup extends ClosableFetch {
  readonly url: string;
  readonly server: Server;
  /** Sockets that were opened. */
  readonly sockets: () => number;
}

async function setUp(listener: RequestListener, connections = 4): Promise<Setup> {
  let sockets = 0;
  const server = createServer(listener).on('connection', () => sockets++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = createFetch({ connections });
  closing.push(own.close, async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // it listens on a port
  return { ...own, url: `http://127.0.0.1:${port}`, server, sockets: () => sockets };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}

it('sends method, headers and body, and gives status, headers and JSON back', async () => {
  const { fetch, url } = await setUp(async (request, response) => {
    const { method, headers } = request;
    response.writeHead(201, 'Made', {
      'content-type': 'application/json',
      'x-id': '7',
      'set-cookie': ['a', 'b'],
    });
    response.end(
      JSON.stringify({
        method,
        path: request.url,
        key: headers['x-key'],
        encoding: headers['accept-encoding'],
        body: await bodyOf(request),
      }),
    );
  });
  const answer = await fetch(`${url}/v1/chat?alt=sse`, {
    method: 'POST',
    headers: { 'x-key': 'k' },
    body: 'Ünï',
  });
  expect(answer).toMatchObject({ ok: true, status: 201, statusText: 'Made', url: `${url}/v1/chat?alt=sse` });
  expect(answer.headers.get('X-ID')).toBe('7');
  expect(await answer.json()).toEqual({
    method: 'POST',
    path: '/v1/chat?alt=sse',
    key: 'k',
    encoding: 'identity',
    body: 'Ünï',
  });
  const bytes = await fetch(url, {
    method: 'PUT',
    headers: new Headers({ 'x-key': 'h' }),
    body: new TextEncoder().encode('bytes'),
  });
  expect(await bytes.json()).toMatchObject({ method: 'PUT', key: 'h', body: 'bytes' });
  const error = await setUp((_, response) => response.writeHead(404).end());
  expect(await error.fetch(error.url)).toMatchObject({ ok: false, status: 404 });
});

it('leaves what it cannot send to the global fetch', async () => {
  const { fetch, url } = await setUp(async (request, response) => void response.end(await bodyOf(request)));
  const form = new FormData();
  form.set('name', 'value');
  expect(await (await fetch(url, { method: 'POST', body: form })).text()).toContain('name="name"');
  expect(await (await fetch(new Request(url, { method: 'POST', body: 'by request' }))).text()).toBe(
    'by request',
  );
});

it('reuses its sockets, and opens no more than it may', async () => {
  const { fetch, url, sockets } = await setUp(
    (_, response) => void setImmediate(() => response.end('ok')),
    2,
  );
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 8 }, async () => (await fetch(url)).text()));
  }
  expect(sockets()).toBe(2);
});

it('hands a body over while it arrives, without cutting characters', async () => {
  const { promise: isRead, resolve: read } = Promise.withResolvers<void>();
  const snail = Buffer.from('🐌');
  const { fetch, url } = await setUp(async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
    await isRead; // the second piece is sent only when the first was read
    response.write(snail.subarray(0, 2));
    setImmediate(() => response.end(snail.subarray(2)));
  });
  const { body } = await fetch(url);
  const reader = body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n');
  read();
  const rest: Uint8Array[] = [];
  for (let piece = await reader?.read(); piece?.value; piece = await reader?.read()) rest.push(piece.value);
  expect(Buffer.concat(rest).toString()).toBe('🐌');
  const again = await fetch(url);
  expect(await again.text()).toBe('data: 1\n\n🐌');
});

it('can be piped, as other versions of the packages do', async () => {
  const { fetch, url } = await setUp((_, response) => void response.end('piped'));
  const { body } = await fetch(url);
  const text = body?.pipeThrough(new TextDecoderStream());
  expect(await new Response(text?.pipeThrough(new TextEncoderStream())).text()).toBe('piped');
});

it.each(['before the answer', 'in the middle of the body'])(
  'ends with the reason when it is aborted %s',
  async (when) => {
    const { promise: isClosed, resolve: closed } = Promise.withResolvers<void>();
    const { fetch, url } = await setUp((request, response) => {
      request.socket.on('close', () => closed());
      if (when !== 'before the answer') response.write('data: 1\n\n');
    });
    const controller = new AbortController();
    const reason = new Error('enough');
    const reading = fetch(url, { signal: controller.signal }).then((answer) => answer.text());
    setTimeout(() => controller.abort(reason), 50);
    await expect(reading).rejects.toBe(reason);
    await isClosed; // the server is not left to write for nobody
  },
);

it('does not begin what was aborted before, or while it waited for a socket', async () => {
  let requests = 0;
  const { fetch, url } = await setUp(() => void requests++, 1);
  await expect(fetch(url, { signal: AbortSignal.abort('never') })).rejects.toBe('never');
  const first = fetch(url).catch(() => undefined);
  const controller = new AbortController();
  const waiting = fetch(url, { signal: controller.signal });
  controller.abort('no longer');
  await expect(waiting).rejects.toBe('no longer');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(requests).toBe(1);
  closing[0] && (await closing[0]());
  await first;
});

it('tells of a connection that fails, and of one that breaks', async () => {
  const { fetch, url, server } = await setUp((_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    setImmediate(() => response.destroy());
  });
  const answer = await fetch(url);
  await expect(answer.text()).rejects.toMatchObject({
    code: expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/),
  });
  server.close();
  server.closeAllConnections();
  await expect(fetch(url)).rejects.toMatchObject({
    code: expect.stringMatching(/^(ECONNREFUSED|ECONNRESET)$/),
  });
});

it('ends what is under way when it is closed, and begins nothing after', async () => {
  const { fetch, url, close } = await setUp((_, response) => void response.write('data: 1\n\n'));
  const answer = await fetch(url);
  const reading = answer.text();
  await Promise.all([expect(reading).rejects.toThrow(), close()]);
  await close();
  await expect(fetch(url)).rejects.toThrow('closed');
});

it('rejects what is no URL, as it rejects all that fails', async () => {
  const { fetch, url } = await setUp((_, response) => void response.end('ok'));
  for (let call = 0; call < 2; call++) {
    await expect(fetch('no url')).rejects.toThrow('URL'); // also when its sockets are open already
    expect(await (await fetch(url)).text()).toBe('ok');
  }
});

it('costs nothing before its first use', async () => {
  const { close } = createFetch({ connections: 1 });
  await close();
});

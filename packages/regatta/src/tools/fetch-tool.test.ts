/** What is got from servers, how much of it, and where nobody gets to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { type Fetching, fetchConfined, type Resolve } from './confined-fetch.ts';
import { confineToHosts } from './confined-hosts.ts';
import { type FetchToolOptions, fetchTool } from './fetch-tool.ts';
import { useTool } from './tools.fixture.ts';

vi.setConfig({ testTimeout: 60_000 }); // threads start slowly where many do

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(handler: Handler) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.headers.host} ${request.url}`);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const page =
  (body: string | Uint8Array, type: string | null = 'text/html; charset=utf-8', headers = {}): Handler =>
  (_request, response) => {
    response.writeHead(200, { ...(type !== null && { 'content-type': type }), ...headers });
    response.end(body);
  };

const get = async (url: string, options: FetchToolOptions = {}, args = {}): Promise<string> =>
  (await useTool(fetchTool({ allow: ['127.0.0.1'], ...options }), { url, ...args })) as string;

const ARTICLE = `<!doctype html><html><head><title>Tides</title></head><body>
<nav><a href="/home">Home</a> <a href="/about">About</a></nav>
<article><h1>Tides</h1>${'<p>The sea rises and falls twice a day, and the moon is to blame for most of it, as sailors know.</p>'.repeat(8)}
<p>See <a href="../moon?x=1">the moon</a> and <a href="javascript:alert(1)">this</a>.</p><script>alert(1)</script>
<ul><li>ebb</li><li>flood</li></ul></article><footer>Imprint</footer></body></html>`;

test('a page is given as the Markdown of its article, with whole links, and a word of caution', async () => {
  await using server = await serve(page(ARTICLE));
  const text = await get(`${server.url}/sea/tides`);
  expect(text).toContain(`URL: ${server.url}/sea/tides\nTitle: Tides\nWhat follows was written by others.`);
  expect(text).toContain(`[the moon](${server.url}/moon?x=1)`);
  expect(text).toMatch(/\* +ebb/);
  for (const noise of ['alert', 'Imprint', 'Home', '<p>']) expect(text).not.toContain(noise);
});

test('parts of a page, and pages with nothing in them, are read as well', async () => {
  const parts = [
    '<!-- <html> --><p>hello</p>',
    'hello',
    '<html lang="en"><body><b>hello</b></body></html>',
    '<!doctype html><title>T</title><p>hello',
    '<html><title>T</title><body><p>hello <p>world',
    '<html><frameset></frameset></html>',
    '',
  ];
  await using server = await serve(({ url }, response) => {
    page(parts[Number(url!.slice(1))]!)(null as never, response);
  });
  const texts = await Promise.all(parts.map((_part, index) => get(`${server.url}/${index}`)));
  expect(texts.map((text) => text.slice(text.indexOf('\n\n') + 2))).toEqual([
    'hello',
    'hello',
    '**hello**',
    'hello',
    'hello\n\nworld',
    '',
    '',
  ]);
  expect(texts[3]).toContain('Title: T\n');
});

test('without readable HTML is given as it is; text and JSON always are; other types are refused', async () => {
  await using server = await serve(({ url }, response) => {
    const [type, body] = {
      '/html': ['text/html', '<p>hi</p>'],
      '/json': ['application/ld+json', '{"a":1}'],
      '/none': [null, 'plain'],
      '/zero': [null, 'a\0b'],
    }[url!] ?? ['image/png', 'x'];
    page(body!, type)(null as never, response);
  });
  expect(await get(`${server.url}/html`, { readable: false })).toMatch(/\n\n<p>hi<\/p>$/);
  expect(await get(`${server.url}/json`)).toMatch(/\n\n\{"a":1\}$/);
  expect(await get(`${server.url}/none`)).toMatch(/\n\nplain$/);
  await expect(get(`${server.url}/png`)).rejects.toMatchObject({ code: 'not-text' });
  await expect(get(`${server.url}/zero`)).rejects.toMatchObject({ code: 'not-text' });
  await expect(get('no url')).rejects.toMatchObject({ code: 'bad-url' });
});

test('the charset is that of the bytes, the server or the page', async () => {
  const latin = Buffer.from('<meta charset="iso-8859-1"><p>M\xfcnchen</p>', 'latin1');
  const utf16 = Buffer.from('\ufeffMünchen', 'utf16le');
  await using server = await serve(({ url }, response) => {
    if (url === '/header')
      page(Buffer.from('M\xfcnchen', 'latin1'), 'text/plain; charset="ISO-8859-1"')(null as never, response);
    else if (url === '/meta') page(latin, 'text/html')(null as never, response);
    else if (url === '/mark') page(utf16, 'text/plain; charset=utf-8')(null as never, response);
    else page('München', 'text/plain; charset=nonsense')(null as never, response);
  });
  for (const path of ['header', 'meta', 'mark', 'odd']) {
    expect(await get(`${server.url}/${path}`, { readable: false }), path).toContain('München');
  }
});

test('a long text is given in parts', async () => {
  await using server = await serve(page('abcdefghij', 'text/plain'));
  expect(await get(server.url, { maxChars: 4 })).toMatch(
    /\n\nabcd\n\[Cut at 4 of 10 characters. Go on with start 4.\]$/,
  );
  expect(await get(server.url, { maxChars: 4 }, { start: 8 })).toMatch(/\n\nij$/);
});

test('more than maxBytes is refused, counted as it is unpacked and before all of it has come', async () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  expect(bomb.length).toBeLessThan(50_000);
  await using server = await serve(page(bomb, 'text/plain', { 'content-encoding': 'gzip' }));
  await expect(get(server.url, { maxBytes: 100_000 })).rejects.toMatchObject({ code: 'too-large' });
  await using endless = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    const write = (): void => {
      while (response.write('x'.repeat(10_000)));
      response.once('drain', write);
    };
    write();
  });
  await expect(get(endless.url, { maxBytes: 100_000 })).rejects.toMatchObject({ code: 'too-large' });
});

test('redirects are followed, each checked anew, and not for ever', async () => {
  const targets: Record<string, string> = {
    '/one': '/two',
    '/two': '/end',
    '/loop': '/loop',
    '/metadata': 'http://169.254.169.254/latest',
    '/file': 'file:///etc/passwd',
    '/local': 'http://localhost/',
    '/six': 'http://[::ffff:7f00:1]/',
  };
  await using server = await serve((request, response) => {
    const location = targets[request.url!];
    if (location === undefined) return page('end', 'text/plain')(request, response);
    response.writeHead(302, { location }).end();
  });
  expect(await get(`${server.url}/one`)).toContain(`URL: ${server.url}/end`);
  await expect(get(`${server.url}/loop`, { maxRedirects: 3 })).rejects.toMatchObject({
    code: 'too-many-redirects',
  });
  expect(server.seen.filter((line) => line.endsWith('/loop'))).toHaveLength(4);
  for (const path of ['metadata', 'file', 'local']) {
    await expect(get(`${server.url}/${path}`), path).rejects.toMatchObject({ code: 'tool/confined' });
  }
});

test('what the server says of a failure is said, and whether it may pass', async () => {
  await using server = await serve(({ url }, response) => {
    if (url === '/cut') response.destroy();
    else response.writeHead(Number(url!.slice(1))).end('no');
  });
  await expect(get(`${server.url}/404`)).rejects.toMatchObject({ code: 'http-404', retryable: false });
  await expect(get(`${server.url}/503`)).rejects.toMatchObject({ code: 'http-503', retryable: true });
  await expect(get(`${server.url}/429`)).rejects.toMatchObject({ code: 'http-429', retryable: true });
  await expect(get(`${server.url}/cut`)).rejects.toMatchObject({ code: 'network', retryable: true });
});

/** As the tool does, with a resolver that a test decides. */
const fetchBy = (url: string, resolve: Resolve, rules = {}): Promise<unknown> => {
  const options: Fetching = {
    hosts: confineToHosts(rules),
    maxBytes: 1000,
    maxRedirects: 2,
    signal: new AbortController().signal,
    resolve,
  };
  return fetchConfined(new URL(url), options);
};

const toAddress = (address: string) => [{ address, family: address.includes(':') ? 6 : 4 }];

test('a public name that leads to an address that is not public is refused before anybody is asked', async () => {
  await using server = await serve(page('internal', 'text/plain'));
  for (const address of ['127.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1']) {
    const asked = fetchBy(`http://public.test:${server.port}/`, async () => toAddress(address));
    await expect(asked, address).rejects.toMatchObject({ code: 'tool/confined', details: { to: 'hosts' } });
  }
  const both = async () => [...toAddress('8.8.8.8'), ...toAddress('127.0.0.1')];
  await expect(fetchBy(`http://public.test:${server.port}/`, both)).rejects.toMatchObject({
    code: 'tool/confined',
  });
  expect(server.seen).toEqual([]);
});

test('the connection goes to the address that was checked: a name that leads elsewhere a moment later is not asked again', async () => {
  await using server = await serve(page('allowed', 'text/plain'));
  const addresses = ['127.0.0.1', '169.254.169.254'];
  let lookups = 0;
  const rules = { allow: ['rebinding.test', '127.0.0.1'] };
  await fetchBy(`http://rebinding.test:${server.port}/`, async () => toAddress(addresses[lookups++]!), rules);
  expect([lookups, server.seen]).toEqual([1, [`rebinding.test:${server.port} /`]]);
  await using redirecting = await serve((request, response) => {
    if (request.url === '/')
      response.writeHead(302, { location: `http://rebinding.test:${server.port}/again` }).end();
  });
  lookups = 0;
  const again = fetchBy(
    `http://rebinding.test:${redirecting.port}/`,
    async () => toAddress(addresses[lookups++]!),
    rules,
  );
  await expect(again).rejects.toMatchObject({ code: 'tool/confined', details: { value: '169.254.169.254' } });
});

test('a signal ends a request that nobody answers, and its socket', async () => {
  const closed = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  await using server = await serve((request) => {
    request.socket.once('close', closed.resolve);
    arrived.resolve();
  });
  const controller = new AbortController();
  const asked = useTool(fetchTool({ allow: ['127.0.0.1'] }), { url: server.url }, controller.signal);
  await arrived.promise;
  controller.abort(new Error('enough'));
  await expect(asked).rejects.toThrow('enough');
  await closed.promise;
});

test('a name that leads nowhere is said', async () => {
  const nowhere = fetchBy('http://nowhere.test/', () => Promise.reject(new Error('getaddrinfo ENOTFOUND')));
  await expect(nowhere).rejects.toMatchObject({
    code: 'network',
    message: expect.stringContaining('ENOTFOUND'),
  });
  expect(() => fetchTool({ maxBytes: 0, maxRedirects: -1 })).toThrow(/maxBytes.*\n.*maxRedirects/);
});

/**
 * A `fetch` for model calls, on undici's dispatcher and one pool of kept-alive sockets.
 *
 * Fetch by the standard costs about 0.5 ms of CPU per call, most of it for what a model call does not
 * use. What comes back here has what the AI SDK packages read, and not more: `ok`, `status`,
 * `statusText`, `url`, `headers`, `body`, `text` and `json`. Redirects are not followed.
 */
import type { Dispatcher } from 'undici';
import { Exchange, type Head, type Piece } from './exchange.ts';

export interface FetchOptions {
  /** Sockets per origin. Calls beyond it wait for one. */
  readonly connections: number;
  /** Milliseconds for a connection. Default: 10000 */
  readonly connectMs?: number | undefined;
}

export interface ClosableFetch {
  readonly fetch: typeof globalThis.fetch;
  /** Ends the calls under way and closes the sockets. Idempotent. */
  close(): Promise<void>;
}

/** Fetches that share nothing but their end: one for each limit on connecting, which sockets belong to. */
export interface Fetches {
  get(connectMs: number | undefined): typeof globalThis.fetch;
  /** Ends the calls under way and closes the sockets. Idempotent. */
  close(): Promise<void>;
}

export function createFetches({ connections }: Pick<FetchOptions, 'connections'>): Fetches {
  const opened = new Map<number | undefined, ClosableFetch>();
  return {
    get(connectMs) {
      let own = opened.get(connectMs);
      if (own === undefined) {
        own = createFetch({ connections, connectMs });
        opened.set(connectMs, own);
      }
      return own.fetch;
    },
    async close() {
      await Promise.all(Array.from(opened.values(), ({ close }) => close()));
    },
  };
}

export function createFetch({ connections, connectMs = 10_000 }: FetchOptions): ClosableFetch {
  let opening: Promise<Dispatcher> | undefined;
  let dispatcher: Dispatcher | undefined;
  let isClosed = false;
  const targetOf = createTargets();

  async function open(): Promise<Dispatcher> {
    const { Agent } = await import('undici'); // for those who call a model
    // No other timeouts here: an answer may take minutes to begin, and the caller's signal limits it.
    const connect = { timeout: connectMs };
    dispatcher = new Agent({ connections, connect, headersTimeout: 0, bodyTimeout: 0, allowH2: false });
    return dispatcher;
  }

  function send(by: Dispatcher, url: string, init: RequestInit): Promise<Response> {
    const target = targetOf(url);
    const exchange = new Exchange(init.signal ?? null);
    by.dispatch(
      {
        ...target,
        method: (init.method ?? 'GET') as Dispatcher.HttpMethod, // any token is passed on
        headers: toHeaders(init.headers),
        body: (init.body ?? null) as string | Uint8Array | null, // `fetch` has looked
      },
      exchange,
    );
    const { origin, path } = target;
    return exchange.head.then((head) => new Answer(origin + path, head, exchange) as unknown as Response); // the part of it that is used, see above
  }

  /** Not async, and nothing is awaited on the way: a frame would be kept as long as the answer takes. */
  function fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    try {
      if (isClosed) throw new TypeError('This fetch is closed.');
      if (input instanceof Request || !isSendable(init.body)) return globalThis.fetch(input, init);
      if (dispatcher !== undefined) return send(dispatcher, String(input), init);
      opening ??= open();
      return opening.then((opened) => send(opened, String(input), init));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  return {
    fetch,
    async close() {
      isClosed = true;
      if (opening) await (await opening).destroy();
    },
  };
}

interface Target {
  readonly origin: string;
  readonly path: string;
}

/** URLs that are parsed once: a model has one or two, and those of a batch are not kept for ever. */
const KEPT_TARGETS = 64;

/** To parse a URL costs as much as to write a small request. */
function createTargets(): (url: string) => Target {
  const targets = new Map<string, Target>();
  return (url) => {
    let target = targets.get(url);
    if (target === undefined) {
      const { origin, pathname, search } = new URL(url);
      target = { origin, path: pathname + search };
      if (targets.size >= KEPT_TARGETS) targets.clear();
      targets.set(url, target);
    }
    return target;
  };
}

/** Answers are not decompressed here, and without this header a server may compress (RFC 9110, 12.5.3). */
function toHeaders(headers: RequestInit['headers']): Record<string, string> {
  const plain = headers instanceof Headers || Array.isArray(headers) ? Object.fromEntries(headers) : headers;
  return { 'accept-encoding': 'identity', ...plain };
}

function isSendable(body: RequestInit['body']): boolean {
  return body === undefined || body === null || typeof body === 'string' || body instanceof Uint8Array;
}

/** As much of `Headers` as reading takes, without what makes it dear: names are looked up in lower case. */
class HeaderList extends Map<string, string> {
  override get(name: string): string | undefined {
    return super.get(name.toLowerCase());
  }

  override has(name: string): boolean {
    return super.has(name.toLowerCase());
  }
}

function toHeaderList(headers: Head['headers']): HeaderList {
  const list = new HeaderList();
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) list.set(name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value);
  }
  return list;
}

/** As much of a `Response` as is used. */
class Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly headers: HeaderList;
  readonly body: Body;

  constructor(url: string, { status, statusText, headers }: Head, exchange: Exchange) {
    this.ok = status >= 200 && status < 300;
    this.status = status;
    this.statusText = statusText;
    this.url = url;
    this.headers = toHeaderList(headers);
    this.body = new Body(exchange);
  }

  async text(): Promise<string> {
    const decoder = new TextDecoder();
    let whole = '';
    for (let piece = await this.body.read(); !piece.done; piece = await this.body.read()) {
      whole += decoder.decode(piece.value, { stream: true });
    }
    return whole + decoder.decode();
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel' | 'releaseLock'>;

/** As much of a `ReadableStream` as it takes to read an answer once. It is its one reader, too. */
class Body implements Reader {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  getReader(): Reader {
    return this;
  }

  read(): Promise<Piece> {
    return this.#exchange.read();
  }

  releaseLock(): void {}

  /** Whatever wants to pipe gets a real stream. The packages in use here only read. */
  pipeThrough<T>(transform: ReadableWritablePair<T, Uint8Array>): ReadableStream<T> {
    const stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { done, value } = await this.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => this.cancel(reason),
    });
    return stream.pipeThrough(transform);
  }

  async cancel(reason?: unknown): Promise<void> {
    this.#exchange.abort(reason);
  }
}

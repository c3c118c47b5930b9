/**
 * A `fetch` for model calls, on undici's dispatcher and one pool of kept-alive sockets.
 *
 * Fetch by the standard costs about 0.5 ms of CPU per call, most of it for what a model call does not
 * use. What comes back here has what the AI SDK packages read, and not more: `ok`, `status`,
 * `statusText`, `url`, `headers`, `body`, `text` and `json`. Redirects are not followed.
 */
import type { Dispatcher } from 'undici';
import { Exchange, type Head } from './exchange.ts';

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
  let isClosed = false;
  const targetOf = createTargets();

  async function open(): Promise<Dispatcher> {
    const { Agent } = await import('undici'); // for those who call a model
    // No other timeouts here: an answer may take minutes to begin, and the caller's signal limits it.
    const connect = { timeout: connectMs };
    return new Agent({ connections, connect, headersTimeout: 0, bodyTimeout: 0, allowH2: false });
  }

  async function fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    if (isClosed) throw new TypeError('This fetch is closed.');
    const { body = null } = init;
    if (
      input instanceof Request ||
      !(body === null || typeof body === 'string' || body instanceof Uint8Array)
    ) {
      return globalThis.fetch(input, init);
    }
    opening ??= open();
    const dispatcher = await opening;
    const target = targetOf(String(input));
    const exchange = new Exchange(init.signal ?? null);
    dispatcher.dispatch(
      {
        ...target,
        method: (init.method ?? 'GET') as Dispatcher.HttpMethod, // any token is passed on
        headers: toHeaders(init.headers),
        body,
      },
      exchange,
    );
    return toResponse(target.origin + target.path, await exchange.head, exchange);
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

function toResponse(url: string, { status, statusText, headers }: Head, exchange: Exchange): Response {
  const text = async (): Promise<string> => {
    const decoder = new TextDecoder();
    let whole = '';
    for (let chunk = await exchange.read(); chunk; chunk = await exchange.read()) {
      whole += decoder.decode(chunk, { stream: true });
    }
    return whole + decoder.decode();
  };
  const response = {
    ok: status >= 200 && status < 300,
    status,
    statusText,
    url,
    headers: toHeaderList(headers),
    body: new Body(exchange),
    text,
    json: async () => JSON.parse(await text()),
  };
  return response as unknown as Response; // the part of it that is used, see above
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

/** As much of a `ReadableStream` as it takes to read an answer once. */
class Body {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  getReader(): Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel' | 'releaseLock'> {
    return {
      read: async () => {
        const value = await this.#exchange.read();
        return value ? { done: false, value } : { done: true, value: undefined };
      },
      cancel: (reason) => this.cancel(reason),
      releaseLock: () => undefined,
    };
  }

  /** Whatever wants to pipe gets a real stream. The packages in use here only read. */
  pipeThrough<T>(transform: ReadableWritablePair<T, Uint8Array>): ReadableStream<T> {
    const reader = this.getReader();
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await reader.read();
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

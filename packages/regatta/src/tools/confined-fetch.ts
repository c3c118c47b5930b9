/**
 * Gets pages from hosts that are allowed, on every redirect anew.
 *
 * A name is looked up once for each connection, and the connection goes to the addresses that were
 * checked: a name that leads elsewhere a moment later changes nothing. Each request has sockets of its
 * own, which end with it.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { isRegattaError } from '../base/errors.ts';
import { ToolError } from '../ports/tool-error.ts';
import type { ConfinedHosts } from './confined-hosts.ts';

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface Fetching {
  readonly hosts: ConfinedHosts;
  /** Bytes of the body, after it is unpacked. */
  readonly maxBytes: number;
  readonly maxRedirects: number;
  readonly signal: AbortSignal;
  readonly resolve?: Resolve;
}

export interface Page {
  /** Of the last redirect. */
  readonly url: URL;
  /** Such as `text/html; charset=utf-8`; empty where the server does not say. */
  readonly contentType: string;
  readonly body: Uint8Array;
}

const HEADERS = {
  'user-agent': 'Mozilla/5.0 (compatible; regatta)',
  accept: 'text/html,application/xhtml+xml,text/plain,application/json;q=0.9,*/*;q=0.5',
};

/** @throws RegattaError `tool/confined`; ToolError `http-…`, `too-large`, `too-many-redirects`, `network`; the signal's reason. */
export async function fetchConfined(start: URL, options: Fetching): Promise<Page> {
  const { hosts, maxRedirects, signal, resolve = resolveAll } = options;
  const { Agent, fetch } = await import('undici'); // for those who fetch
  const dispatcher = new Agent({ connect: { lookup: pinned(hosts, resolve) }, pipelining: 0 });
  try {
    let url = start;
    for (let count = 0; count <= maxRedirects; count++) {
      hosts.checkUrl(url);
      const response = await fetch(url, { dispatcher, signal, redirect: 'manual', headers: HEADERS });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || location === null) {
        if (!response.ok) throw statusError(response.status, url);
        const body = await readBody(response.body, options.maxBytes);
        return { url, contentType: response.headers.get('content-type') ?? '', body };
      }
      await response.body?.cancel();
      url = new URL(location, url);
    }
    throw new ToolError(
      `${start} redirects more than ${maxRedirects} times. Give the address that it leads to.`,
      {
        code: 'too-many-redirects',
      },
    );
  } catch (error) {
    signal.throwIfAborted();
    throw toKnown(error, start);
  } finally {
    await dispatcher.destroy();
  }
}

function pinned(hosts: ConfinedHosts, resolve: Resolve): LookupFunction {
  const check = async (hostname: string): Promise<readonly LookupAddress[]> => {
    const addresses = await resolve(hostname);
    for (const { address } of addresses) hosts.checkAddress(address); // one bad one is one too many
    return addresses;
  };
  return (hostname, { all }, callback) => {
    check(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(new Error(`${hostname} has no address.`), '');
        else if (all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error) => callback(error, ''),
    );
  };
}

const resolveAll: Resolve = (hostname) => lookup(hostname, { all: true });

/** Counted as it is unpacked: some kilobytes of zeros are gigabytes in no time. */
async function readBody(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new ToolError(`The page has more than ${maxBytes} bytes. Take another, or raise maxBytes.`, {
        code: 'too-large',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function statusError(status: number, { origin, pathname }: URL): ToolError {
  const isPassing = status === 429 || status >= 500;
  const mend = isPassing ? 'Try again later.' : 'Check the address.';
  const text = `${origin}${pathname} answered with HTTP status ${status}. ${mend}`;
  return new ToolError(text, { code: `http-${status}`, retryable: isPassing });
}

/** A fetch that failed hides why in its causes. */
function toKnown(error: unknown, { host }: URL): unknown {
  let reason = error;
  while (reason instanceof Error && !isRegattaError(reason) && !(reason instanceof ToolError)) {
    if (reason.cause === undefined) {
      const text = `${host} could not be reached: ${reason.message}. Check the address, or try again later.`;
      return new ToolError(text, { code: 'network', retryable: true, cause: error });
    }
    reason = reason.cause;
  }
  return reason;
}

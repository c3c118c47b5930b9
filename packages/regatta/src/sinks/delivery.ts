/**
 * Sends a body to a collector, and settles with the collector's answer.
 *
 * Tries again what may help (the statuses of OTLP 1.x: 429, 502, 503, 504, and connections that
 * failed), a bounded number of times in a bounded time, and waits as long as `Retry-After` asks.
 * Neither URL, headers nor bodies get into errors: all of them may hold secrets.
 */
import { CancelScope } from '../base/abort.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { RegattaError } from '../base/errors.ts';

export interface DeliveryOptions {
  /** In errors. */
  readonly name: string;
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A fetch by the standard. @default what `fetch` is when something is sent */
  readonly fetch?: typeof globalThis.fetch;
  /** For one body, all attempts and pauses included. Shorter than a lane waits. @default 15000 */
  readonly timeoutMs?: number;
  /** @default 3 */
  readonly maxAttempts?: number;
  /** The first pause where the collector names none; doubled each time. @default 500 */
  readonly minDelayMs?: number;
  readonly clock?: Clock;
}

export interface Parcel {
  readonly body: Uint8Array | string;
  readonly contentType: string;
  /** What is in it, for errors, such as `12 spans`. */
  readonly what: string;
}

/** Gives the body of the answer. @throws RegattaError `callbacks/delivery-failed` */
export type Deliver = (parcel: Parcel) => Promise<Uint8Array>;

const RETRYABLE: readonly number[] = [429, 502, 503, 504];

export function createDelivery({
  name,
  endpoint,
  headers = {},
  fetch,
  timeoutMs = 15_000,
  maxAttempts = 3,
  minDelayMs = 500,
  clock = systemClock,
}: DeliveryOptions): Deliver {
  return async ({ body, contentType, what }) => {
    const scope = new CancelScope(new AbortController().signal, {
      timeoutMs,
      timeoutReason: () => new Error(`No answer within ${timeoutMs} ms.`),
    });
    const { signal } = scope;
    const request = { method: 'POST', headers: { ...headers, 'content-type': contentType }, body, signal };
    const deadline = clock.monotonic() + timeoutMs;
    try {
      for (let attempt = 1; ; attempt++) {
        const sending = post(fetch ?? globalThis.fetch, endpoint, request);
        const answer = await scope.race(sending).catch(toTimeout);
        if ('body' in answer) return answer.body;
        const delayMs = retryAfterOf(answer, clock.now()) ?? minDelayMs * 2 ** (attempt - 1);
        const isHopeless = !answer.isRetryable || attempt >= maxAttempts || signal.aborted;
        if (isHopeless || clock.monotonic() + delayMs >= deadline)
          throw failed({ name, what, attempt }, answer);
        await clock.sleep(delayMs, signal).catch(() => undefined); // the deadline, which the next attempt meets
      }
    } finally {
      scope.close();
    }
  };
}

interface Refusal {
  /** Null where no answer came. */
  readonly status: number | null;
  readonly isRetryable: boolean;
  readonly retryAfter?: string | null;
  /** Why none came, in a word such as `ECONNREFUSED`. */
  readonly reason?: string;
}

async function post(
  fetch: typeof globalThis.fetch,
  endpoint: string,
  request: RequestInit,
): Promise<{ readonly body: Uint8Array } | Refusal> {
  let response: Response;
  try {
    // A redirect is not followed: the headers of vendors would go with it to another host.
    response = await fetch(endpoint, { ...request, redirect: 'manual' });
    const body = new Uint8Array(await response.arrayBuffer()); // read always, so that the socket is free
    if (response.ok) return { body };
  } catch (cause) {
    return { status: null, isRetryable: true, reason: reasonOf(cause) };
  }
  const { status } = response;
  return { status, isRetryable: RETRYABLE.includes(status), retryAfter: response.headers.get('retry-after') };
}

/** A collector that never answers, and a fetch that does not hear its signal. */
function toTimeout(): Refusal {
  return { status: null, isRetryable: false, reason: 'timeout' };
}

/** Not the message: fetch writes a header's value into it when that is not valid. */
function reasonOf(error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if ('code' in inner && typeof inner.code === 'string') return inner.code;
  }
  return error instanceof Error ? error.name : 'unknown';
}

/** Milliseconds, of seconds or a date (RFC 9110, 10.2.3). */
function retryAfterOf({ retryAfter }: Refusal, now: number): number | undefined {
  if (retryAfter === null || retryAfter === undefined) return undefined;
  const ms = /^\d+$/.test(retryAfter.trim()) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

interface Attempted {
  readonly name: string;
  readonly what: string;
  readonly attempt: number;
}

function failed({ name, what, attempt }: Attempted, { status, reason }: Refusal): RegattaError {
  const answer = status === null ? `there was no answer (${reason})` : `the answer was HTTP ${status}`;
  const times = attempt === 1 ? '' : ` after ${attempt} attempts`;
  const mend =
    status === 401 || status === 403 ? 'Check its key.' : 'Check its endpoint, and whether it is up.';
  return new RegattaError(
    'callbacks/delivery-failed',
    `"${name}" did not take ${what}: ${answer}${times}. ${mend}`,
    {
      name,
      status,
    },
  );
}

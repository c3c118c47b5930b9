/**
 * One HTTP request and its answer, as undici's dispatcher tells of them.
 *
 * The body is a queue that is read when somebody asks. It is filled no further than `QUEUED_BYTES`
 * ahead of its reader.
 */
import type { Dispatcher } from 'undici';

type Controller = Dispatcher.DispatchController;
type State = { readonly is: 'open' | 'ended' } | { readonly is: 'failed'; readonly error: unknown };

/** What reading a body gives. */
export type Piece =
  | { readonly done: false; readonly value: Uint8Array }
  | { readonly done: true; readonly value: undefined };

/** Start of an answer. */
export interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Bytes that may wait unread before the server is slowed down. */
const QUEUED_BYTES = 256 * 1024;

export class Exchange implements Dispatcher.DispatchHandler {
  /** Resolves with the head; rejects if none comes. */
  readonly head: Promise<Head>;
  readonly #resolveHead: (head: Head) => void;
  readonly #rejectHead: (error: unknown) => void;
  readonly #signal: AbortSignal | null;
  readonly #stop = (): void => this.abort(this.#signal?.reason);
  #controller: Controller | undefined;
  #chunks: Uint8Array[] = [];
  #queuedBytes = 0;
  #state: State = { is: 'open' };
  /** Wakes the one reader. */
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal | null) {
    const { promise, resolve, reject } = Promise.withResolvers<Head>();
    this.head = promise;
    this.#resolveHead = resolve;
    this.#rejectHead = reject;
    this.#signal = signal;
    if (signal?.aborted) this.#stop();
    else signal?.addEventListener('abort', this.#stop, { once: true });
  }

  /**
   * The next piece of the body, or its end. One reader at a time. A small answer is there as a whole when its
   * head is read, so most often there is nothing to wait for.
   */
  read(): Promise<Piece> {
    if (this.#state.is === 'failed') return Promise.reject(this.#state.error);
    const value = this.#chunks.shift();
    if (value === undefined) {
      if (this.#state.is === 'ended') return Promise.resolve({ done: true, value });
      const news = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      return news.then(() => this.read());
    }
    this.#queuedBytes -= value.byteLength;
    if (this.#controller?.paused && this.#queuedBytes < QUEUED_BYTES) this.#controller.resume();
    return Promise.resolve({ done: false, value });
  }

  /** Ends the exchange where it is; its socket is closed. */
  abort(reason: unknown): void {
    if (this.#state.is !== 'open') return;
    this.#settle({ is: 'failed', error: reason });
    this.#controller?.abort(asError(reason));
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    // Given up while it waited for a socket.
    if (this.#state.is === 'failed') controller.abort(asError(this.#state.error));
  }

  onResponseStart(_: Controller, status: number, headers: Head['headers'], statusText = ''): void {
    if (status >= 200) this.#resolveHead({ status, statusText, headers }); // 1xx only announces the answer
  }

  onResponseData(controller: Controller, chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#queuedBytes += chunk.byteLength;
    if (this.#queuedBytes >= QUEUED_BYTES) controller.pause();
    this.#wake?.();
  }

  onResponseEnd(): void {
    this.#settle({ is: 'ended' });
  }

  onResponseError(_: Controller, error: Error): void {
    this.#settle({ is: 'failed', error });
  }

  /** The first one stays: aborting makes undici report an error of its own. */
  #settle(state: State): void {
    if (this.#state.is !== 'open') return;
    this.#state = state;
    this.#signal?.removeEventListener('abort', this.#stop);
    if (state.is === 'failed') this.#rejectHead(state.error);
    this.#wake?.();
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The request was aborted.', { cause: reason });
}

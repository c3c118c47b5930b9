/**
 * One piece of work on a thread of its own, for what may compute without an end: it holds up nobody, and
 * it ends when its signal says so, wherever it is.
 *
 * The thread gets nothing of the process: no environment, no arguments. A thread for each call costs
 * some tens of milliseconds, and shares nothing with another call.
 */
import { Worker } from 'node:worker_threads';
import { type ErrorCode, RegattaError } from '../base/errors.ts';
import { ToolError } from '../ports/tool-error.ts';
import type { ErrorData } from '../protocol/output.ts';

/** What a thread sends, once. */
export type ThreadAnswer<T> =
  | { readonly is: 'done'; readonly value: T }
  /** One of our errors, or a `ToolError` with its code. */
  | { readonly is: 'failed'; readonly error: ErrorData };

export interface ThreadCall {
  /** Beside the module of the caller, without its extension, such as `./search-thread`. */
  readonly module: string;
  readonly from: string;
  readonly data: unknown;
  readonly signal: AbortSignal;
  /** Megabytes of JavaScript objects. */
  readonly maxHeapMb: number;
}

/** @throws what the thread failed with; ToolError `thread-lost`; the signal's reason. */
export async function callThread<T>({ module, from, data, signal, maxHeapMb }: ThreadCall): Promise<T> {
  signal.throwIfAborted();
  const worker = new Worker(urlOf(module, from), {
    name: 'regatta-tool',
    workerData: data,
    env: {},
    argv: [],
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  });
  const ended = Promise.withResolvers<ThreadAnswer<T>>();
  const stop = (): void => ended.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  worker.once('message', ended.resolve);
  worker.once('error', (error) => ended.reject(lost(error)));
  worker.once('exit', () => ended.reject(lost()));
  try {
    const answer = await ended.promise;
    if (answer.is === 'done') return answer.value;
    throw toError(answer.error);
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

/** The source in development, and what it is compiled to in the package. */
function urlOf(module: string, from: string): URL {
  const extension = from.slice(from.lastIndexOf('.')).replace(/[?#].*/, '');
  return new URL(`${module}${extension}`, from);
}

function lost(cause?: unknown): ToolError {
  const why = 'The work used up its memory or crashed, and its thread was ended. Give it less to do.';
  return new ToolError(why, { code: 'thread-lost', cause });
}

function toError({ code, message, details }: ErrorData): Error {
  return code.includes('/')
    ? new RegattaError(code as ErrorCode, message, details as never) // as `answerWith` sent it
    : new ToolError(message, { code });
}

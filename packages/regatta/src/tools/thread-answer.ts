/** The thread's side of `callThread`. */
import { parentPort, workerData } from 'node:worker_threads';
import { toErrorData } from '../base/error-data.ts';
import { isRegattaError, messageOf } from '../base/errors.ts';
import { ToolError } from '../ports/tool-error.ts';
import type { ThreadAnswer } from './call-thread.ts';

/** Does the work with the data that the thread was given, and sends what comes of it. Nothing else where it is no thread. */
export async function answerWith<Data, T>(work: (data: Data) => T | Promise<T>): Promise<void> {
  if (parentPort === null) return;
  parentPort.postMessage(await settle(() => work(workerData as Data))); // as `callThread` was given it
}

async function settle<T>(work: () => T | Promise<T>): Promise<ThreadAnswer<T>> {
  try {
    return { is: 'done', value: await work() };
  } catch (error) {
    if (isRegattaError(error)) return { is: 'failed', error: toErrorData(error) };
    const code = error instanceof ToolError && error.code !== null ? error.code : 'failed';
    return { is: 'failed', error: { code, message: messageOf(error), details: null } };
  }
}

/** What a thread of ours knows of itself. It lies in `workerData`, which is the thread's own, whatever copies of this package it loads. */
import { workerData } from 'node:worker_threads';

const KIND = 'regatta-thread';

export interface ThreadData {
  readonly kind: typeof KIND;
  /** URLs of the crews' modules that are being imported. */
  readonly loading: Set<string>;
}

/** For a new thread. */
export function createThreadData(): ThreadData {
  return { kind: KIND, loading: new Set() };
}

/** This thread's; undefined where the code runs on no thread of ours. */
export function threadData(): ThreadData | undefined {
  const data: unknown = workerData;
  const isOurs = typeof data === 'object' && data !== null && 'kind' in data && data.kind === KIND;
  return isOurs ? (data as ThreadData) : undefined; // only `createThreadData` makes this kind
}

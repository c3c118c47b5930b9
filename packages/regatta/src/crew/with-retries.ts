/** A task that failed is done anew, where that may help. */
import { toErrorData } from '../base/error-data.ts';
import { isRegattaError } from '../base/errors.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { ErrorData } from '../protocol/output.ts';

/**
 * Families of codes that another attempt would only meet again: what was cancelled, spent, denied, defined
 * or given wrongly, what a person or a function of the user decided.
 */
const FINAL: ReadonlySet<string> = new Set([
  'run',
  'task',
  'budget',
  'limit',
  'definition',
  'inputs',
  'schema',
  'llm',
  'guard',
  'input',
  'file',
  'hook',
  'cassette',
]);

export interface RetryOptions {
  readonly task: string;
  readonly retries: number;
}

type Attempt<T> = (key: string) => Promise<T>;

/** `key` stands before the names of an attempt's spans. @throws what the last attempt throws. */
export function withRetries<T>(options: RetryOptions, attempt: Attempt<T>, context: RunContext): Promise<T> {
  // Without retries no failure need be recorded.
  return options.retries === 0 ? attempt('') : tryAgain(options, attempt, context);
}

async function tryAgain<T>(
  { task, retries }: RetryOptions,
  attempt: Attempt<T>,
  context: RunContext,
): Promise<T> {
  const { signal } = context;
  for (let number = 1; ; number++) {
    let error = await earlierFailure(number, context);
    if (error === undefined) {
      try {
        return await attempt(number === 1 ? '' : `attempt-${number}/`);
      } catch (thrown) {
        if (number > retries || signal.aborted || isFinal(thrown)) throw thrown;
        error = await context.step(failureOf(number), async () => toErrorData(thrown));
      }
    }
    await context.tell({ type: 'task.retry', task, attempt: number, error });
  }
}

/** Recorded, so that a resumed run goes on with the attempt that it was at. */
function failureOf(attempt: number): string {
  return `failed-${attempt}`;
}

/** What an attempt of an earlier epoch failed with; undefined where it has not been made, or not to its end. */
async function earlierFailure(attempt: number, context: RunContext): Promise<ErrorData | undefined> {
  if (!context.isJournaled) return undefined;
  let isNew = false; // and not by which error it is: that does not cross threads
  try {
    return await context.step(failureOf(attempt), () => {
      isNew = true;
      return Promise.reject(NOTHING_RECORDED);
    });
  } catch (error) {
    context.signal.throwIfAborted();
    if (isNew) return undefined;
    throw error;
  }
}

const NOTHING_RECORDED = new Error('It has not failed.');

/** Also by what is behind it: a guardrail whose model had no key fails with that as its cause. */
function isFinal(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isRegattaError(at) && FINAL.has(at.code.slice(0, at.code.indexOf('/')))) return true;
  }
  return false;
}

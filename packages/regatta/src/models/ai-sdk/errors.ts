/**
 * Anything that a model call throws, as one of our `model/*` errors.
 *
 * The message has the provider's own words in it, without keys. The error carries neither the request
 * nor the answer, since both hold what users wrote.
 */
import { isRegattaError, type ModelFailure, RegattaError } from '../../base/errors.ts';
import { CONNECT_TIMEOUT, classify, type FailureCode, isRetryable } from './classify.ts';
import { readFailure } from './failure.ts';
import { redact } from './redact.ts';

export interface FailedCall {
  /** `provider/model`. */
  readonly model: string;
  /** The environment variable of the key, for the mend; absent if there is none. */
  readonly keyVariable?: string | undefined;
  /** Never shown. */
  readonly key?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function toModelError(error: unknown, call: FailedCall): RegattaError {
  if (isRegattaError(error)) return error;
  const failure = readFailure(error, call.now);
  const code = classify(failure);
  const { status, retryAfterMs, providerCode, cause } = failure;
  const details: ModelFailure = {
    model: call.model,
    status,
    retryable: isRetryable(code, status),
    retryAfterMs,
    providerCode,
    ...(failure.marks.has(CONNECT_TIMEOUT) ? { timeout: 'connect' } : {}),
  };
  const said = redact(shorten(failure.message), call.key);
  const answer = status === null ? `"${said}"` : `${status}: "${said}"`;
  const { wrong, mend } = describe(code, call);
  return new RegattaError(code, `${wrong} (${answer}). ${mend}`, details, cause && { cause });
}

/** The message's halves: what is wrong, and the mend. */
function describe(
  code: FailureCode,
  { model, keyVariable }: FailedCall,
): { readonly wrong: string; readonly mend: string } {
  switch (code) {
    case 'model/authentication':
      return {
        wrong: `The key for ${model} was refused`,
        mend: keyVariable
          ? `Set ${keyVariable} to a valid key, or pass apiKey.`
          : 'Pass a valid key as apiKey.',
      };
    case 'model/permission':
      return { wrong: `The key may not use ${model}`, mend: 'Ask for access to it, or take another model.' };
    case 'model/not-found':
      return {
        wrong: `The provider does not know ${model}`,
        mend: "Correct the model's name, or the base URL.",
      };
    case 'model/rate-limit':
      return {
        wrong: `${model} got too many requests`,
        mend: 'Wait, run fewer at once, or raise the limit of the account.',
      };
    case 'model/quota':
      return {
        wrong: `The account for ${model} has no quota left`,
        mend: "Check the account's plan and billing.",
      };
    case 'model/context-length':
      return {
        wrong: `The prompt is too long for ${model}`,
        mend: 'Shorten it, or take a model with a larger context window.',
      };
    case 'model/content-filter':
      return {
        wrong: `The provider of ${model} filtered the content`,
        mend: "Change the prompt, or the account's filter.",
      };
    case 'model/invalid-request':
      return {
        wrong: `${model} does not take the request`,
        mend: 'Correct the setting, tool or schema that it names.',
      };
    case 'model/overloaded':
      return { wrong: `${model} is overloaded`, mend: 'Try again later.' };
    case 'model/timeout':
      return { wrong: `${model} did not answer in time`, mend: 'Try again, or ask for less.' };
    case 'model/network':
      return {
        wrong: `The connection to ${model} failed`,
        mend: 'Check the network and the base URL, and try again.',
      };
    case 'model/malformed-response':
      return {
        wrong: `The answer of ${model} cannot be read`,
        mend: 'Try again; if it stays so, check the base URL.',
      };
    case 'model/failed':
      return {
        wrong: `The call of ${model} failed`,
        mend: "Try again; if it stays so, see the provider's status page.",
      };
  }
}

const SHOWN_CHARS = 400;

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS)}…` : line;
}

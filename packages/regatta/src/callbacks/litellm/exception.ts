/** Failed calls as LiteLLM's callbacks know them: an exception with a class, a status and a provider. */
import { isJsonObject } from '../../base/json.ts';
import type { ErrorData } from '../../protocol/output.ts';

export interface CallException extends Error {
  /** Our code, such as `model/rate-limit`. */
  readonly code: string;
  /** HTTP status, or null when no answer came. */
  readonly status_code: number | null;
  readonly llm_provider: string;
}

/** LiteLLM's classes (litellm/exceptions.py) by our codes, for loggers that tell failures apart. */
const CLASSES: Readonly<Record<string, string>> = Object.freeze({
  'model/authentication': 'AuthenticationError',
  'model/permission': 'PermissionDeniedError',
  'model/not-found': 'NotFoundError',
  'model/rate-limit': 'RateLimitError',
  'model/quota': 'RateLimitError',
  'model/context-length': 'ContextWindowExceededError',
  'model/content-filter': 'ContentPolicyViolationError',
  'model/invalid-request': 'BadRequestError',
  'model/overloaded': 'ServiceUnavailableError',
  'model/timeout': 'Timeout',
  'model/network': 'APIConnectionError',
  'model/malformed-response': 'APIResponseValidationError',
});

/** A frozen error. Its stack is one line: where a call failed inside of us is not in events. */
export function toException({ code, message, details }: ErrorData, provider: string): CallException {
  const name = CLASSES[code] ?? 'APIError';
  const status = isJsonObject(details) ? details.status : null;
  const error = new Error(message);
  error.stack = `${name}: ${message}`;
  return Object.freeze(
    Object.assign(error, {
      name,
      code,
      status_code: typeof status === 'number' ? status : null,
      llm_provider: provider,
    }),
  );
}

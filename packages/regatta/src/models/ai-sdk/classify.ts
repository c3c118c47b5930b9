/** Which of our codes a failed call gets. */
import type { ErrorCode } from '../../base/errors.ts';
import type { Failure } from './failure.ts';

/** An open circuit is ours: no call was made. */
export type FailureCode = Exclude<Extract<ErrorCode, `model/${string}`>, 'model/circuit-open'>;

const QUOTA: readonly RegExp[] = [
  /insufficient_quota|billing_hard_limit/i, // OpenAI
  /credit balance is too low/i, // Anthropic
  /insufficient (balance|credits|funds)/i, // DeepSeek, OpenRouter
];
const BAD_KEY: readonly RegExp[] = [
  /api[ _]key[ _](not valid|invalid|expired)/i, // Gemini, which answers 400
  /incorrect api key/i, // xAI, likewise
];
const CONTENT_FILTER: readonly RegExp[] = [
  /content_?(filter|policy)/i, // Azure, OpenAI
  /content management policy|responsible_?ai/i, // Azure
  /PROHIBITED_CONTENT|blocked by .*(filter|safety)/i, // Gemini
];
const CONTEXT_LENGTH: readonly RegExp[] = [
  /context_(length|window)_exceeded/i, // OpenAI and whoever copies it
  /maximum (context|prompt) length/i, // OpenAI chat, vLLM, Mistral, xAI
  /exceeds the (context window|available context size)/i, // OpenAI responses, llama.cpp
  /exceeds? (the )?(model's )?(maximum )?context/i, // Anthropic with the output counted in, LM Studio
  /(prompt|input) is too long/i, // Anthropic, Bedrock
  /exceeds the maximum number of tokens/i, // Gemini
  /too many (input )?tokens/i, // Cohere, Bedrock
  /reduce the length of/i, // Groq
  /max_new_tokens\W+must be <=/i, // Hugging Face's text-generation-inference, and hosts that run it
];

export function classify({ status, said, marks }: Failure): FailureCode {
  if (status === null || status < 400) {
    const code = classifyByMarks(marks);
    return code === 'model/failed' && BROKEN_FRAME.test(said) ? 'model/malformed-response' : code;
  }
  switch (status) {
    case 401:
      return 'model/authentication';
    case 402:
      return 'model/quota';
    case 404:
      return 'model/not-found';
    case 408:
    case 504:
      return 'model/timeout';
    case 424:
      return 'model/failed'; // Bedrock: the model failed while it answered
    case 503:
    case 529:
      return 'model/overloaded';
  }
  if (status >= 500 || status === 409) return 'model/failed';
  const says = (words: readonly RegExp[]): boolean => words.some((word) => word.test(said));
  if (says(QUOTA)) return 'model/quota'; // with 429 at OpenAI, with 400 at Anthropic
  if (status === 429) return 'model/rate-limit';
  if (status === 403) return 'model/permission';
  if (says(BAD_KEY)) return 'model/authentication';
  if (says(CONTENT_FILTER)) return 'model/content-filter';
  return says(CONTEXT_LENGTH) ? 'model/context-length' : 'model/invalid-request';
}

/** Codes of the system, of undici, of the HTTP parser and of TLS. */
const NETWORK =
  /^(E(?!RR_)[A-Z_]{3,}|UND_ERR_(?!INVALID)|HPE_|ERR_(SSL|TLS)_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;
const TIMEOUT = /^(ETIMEDOUT|UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT|TimeoutError)$/;
/** The limit of the LLM's `timeouts.connectMs`. */
export const CONNECT_TIMEOUT = 'UND_ERR_CONNECT_TIMEOUT';
/** Whatever else these are caused by, our own request was at fault. */
const OUR_REQUEST =
  /^(AI_(UnsupportedFunctionality|InvalidPrompt|InvalidArgument)Error|UND_ERR_INVALID_ARG)$/;
const UNREADABLE: ReadonlySet<string> = new Set([
  'IncompleteAnswer',
  'SyntaxError',
  'AI_JSONParseError',
  'AI_TypeValidationError',
  'AI_InvalidResponseDataError',
  'AI_EmptyResponseBodyError',
  'AI_NoContentGeneratedError',
]);

/** Binary frames that Bedrock's package cannot read are told by plain errors. */
const BROKEN_FRAME = /event-stream frame|(prelude|message) checksum|message length/i;

/** Without a status: the network, an answer that cannot be read, or code that failed. */
function classifyByMarks(marks: ReadonlySet<string>): FailureCode {
  const isMarked = (mark: RegExp): boolean => [...marks].some((name) => mark.test(name));
  if (isMarked(TIMEOUT)) return 'model/timeout';
  if (isMarked(NETWORK)) return 'model/network';
  if (isMarked(OUR_REQUEST)) return 'model/invalid-request';
  return [...marks].some((name) => UNREADABLE.has(name)) ? 'model/malformed-response' : 'model/failed';
}

/** Whether the same call may succeed later. */
export function isRetryable(code: FailureCode, status: number | null): boolean {
  switch (code) {
    case 'model/rate-limit':
    case 'model/overloaded':
    case 'model/timeout':
    case 'model/network':
    case 'model/malformed-response':
      return true;
    case 'model/failed':
      return status !== null && status >= 400; // else it is code that failed, and would again
    default:
      return false;
  }
}

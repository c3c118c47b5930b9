/** One request with JSON and its answer, for interfaces that are too small for a package. */
import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
}

/** An answer that is an error. Its fields are those that errors of the AI SDK packages have. */
class FailedAnswer extends Error {
  override readonly name = 'FailedAnswer';
  readonly statusCode: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string;

  constructor(response: Response, body: string) {
    super(response.statusText || `HTTP ${response.status}`);
    this.statusCode = response.status;
    this.responseHeaders = Object.fromEntries(response.headers);
    this.responseBody = body;
  }
}

/** @throws FailedAnswer; SyntaxError for an answer that is no JSON object; whatever `fetch` throws. */
export async function postJson({ url, headers, body, fetch, signal }: Post): Promise<JsonObject> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new FailedAnswer(response, text);
  const answer = parseJson(text);
  if (!isJsonObject(answer))
    throw new SyntaxError(`the answer is no JSON object, it begins ${text.slice(0, 40)}`);
  return answer;
}

/** `undici.request` and JSON: what a call costs at least. */
import { Agent, request } from 'undici';
import type { Contestant, OpenOptions } from '../call.ts';

interface ChatAnswer {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}

export async function open({ baseURL, modelId, system, prompt }: OpenOptions): Promise<Contestant> {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const url = `${baseURL}/chat/completions`;
  const headers = { 'content-type': 'application/json', authorization: 'Bearer x' };
  const call = async (marker: string): Promise<string> => {
    const messages = [
      { role: 'system', content: system },
      { role: 'user', content: prompt(marker) },
    ];
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ model: modelId, messages }),
      dispatcher,
    });
    if (statusCode !== 200) throw new Error(`The server answered ${statusCode}.`);
    const { choices } = (await body.json()) as ChatAnswer; // the mock's own
    return choices[0]?.message.content ?? '';
  };
  return { call, close: () => dispatcher.destroy() };
}

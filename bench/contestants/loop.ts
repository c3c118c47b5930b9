/** The hand-written loop on `undici.request`: what the job costs at least. */
import { Agent, request } from 'undici';
import type { Contestant } from '../job.ts';
import { type ChatAnswer, createLoop } from './chat-loop.ts';

export async function open({ baseURL }: { readonly baseURL: string }): Promise<Contestant> {
  // More than that, and ten thousand crews at once run out of file descriptors.
  const dispatcher = new Agent({ connections: 4096, headersTimeout: 0, bodyTimeout: 0 });
  const url = `${baseURL}/chat/completions`;
  const headers = { 'content-type': 'application/json', authorization: 'Bearer x' };
  const runCrew = createLoop(async (chat) => {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(chat),
      dispatcher,
    });
    if (statusCode !== 200) throw new Error(`The server answered ${statusCode}.`);
    return (await body.json()) as ChatAnswer; // the mock's own
  });
  return { runCrew, close: () => dispatcher.destroy() };
}

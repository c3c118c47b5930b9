/** The hand-written loop on Node's own `fetch`. */
import type { Contestant } from '../job.ts';
import { type ChatAnswer, createLoop } from './chat-loop.ts';

export async function open({ baseURL }: { readonly baseURL: string }): Promise<Contestant> {
  const url = `${baseURL}/chat/completions`;
  const headers = { 'content-type': 'application/json', authorization: 'Bearer x' };
  const runCrew = createLoop(async (chat) => {
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(chat) });
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    return (await response.json()) as ChatAnswer; // the mock's own
  });
  return { runCrew, close: async () => undefined };
}

/** What Regatta speaks to OpenAI with, and nothing around it: the model of `@ai-sdk/openai` on Regatta's fetch. */
import { createOpenAI } from '@ai-sdk/openai';
import { createFetch } from '../../../packages/regatta/src/models/fetch.ts'; // the package does not export it
import type { Contestant, OpenOptions } from '../call.ts';

export async function open({ baseURL, modelId, system, prompt }: OpenOptions): Promise<Contestant> {
  const { fetch, close } = createFetch({ connections: 1024 });
  const model = createOpenAI({ baseURL, apiKey: 'x', fetch }).chat(modelId);
  const call = async (marker: string): Promise<string> => {
    const { content } = await model.doGenerate({
      prompt: [
        { role: 'system', content: system },
        { role: 'user', content: [{ type: 'text', text: prompt(marker) }] },
      ],
    });
    return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
  };
  return { call, close };
}

/** OpenAI's own client. */
import OpenAI from 'openai';

export async function open({ baseURL, modelId, system, prompt }) {
  const { completions } = new OpenAI({ baseURL, apiKey: 'x', maxRetries: 0 }).chat;
  const call = async (marker) => {
    const messages = [
      { role: 'system', content: system },
      { role: 'user', content: prompt(marker) },
    ];
    const { choices } = await completions.create({ model: modelId, messages });
    return choices[0]?.message.content ?? '';
  };
  return { call, close: async () => {} };
}

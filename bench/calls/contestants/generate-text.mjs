/** `generateText` of the AI SDK, without a callback and without telemetry. */
import { createOpenAI } from '@ai-sdk/openai';
import { generateText } from 'ai';

export async function open({ baseURL, modelId, system, prompt }) {
  const model = createOpenAI({ baseURL, apiKey: 'x' }).chat(modelId);
  const call = async (marker) =>
    (await generateText({ model, system, prompt: prompt(marker), maxRetries: 0 })).text;
  return { call, close: async () => {} };
}

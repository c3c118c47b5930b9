// AI SDK: onStepFinish for each generateText.
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, stepCountIs, tool } from 'ai';
import { z } from 'zod';
import { lookup, MODEL, prompt, ROLE, TOOL, TOOL_DESCRIPTION } from './_tool.mjs';

export const mechanism = '`onStepFinish` of the generateText';

export async function setup({ baseURL }) {
  const model = createOpenAI({ baseURL, apiKey: 'x' }).chat(MODEL);
  const inputSchema = z.object({ query: z.string() });
  const execute = async ({ query }) => lookup(query);
  const tools = { [TOOL]: tool({ description: TOOL_DESCRIPTION, inputSchema, execute }) };
  return {
    run: async (marker, observer) => {
      const onStepFinish = ({ text, toolCalls }) => observer.hear([text, toolCalls]);
      const options = {
        model,
        system: ROLE,
        prompt: prompt(marker),
        tools,
        stopWhen: stepCountIs(10),
        maxRetries: 0,
      };
      return (await generateText({ ...options, onStepFinish })).text;
    },
  };
}

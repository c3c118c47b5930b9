// VoltAgent: one agent, hooks for each generateText.
import { createOpenAI } from '@ai-sdk/openai';
import { Agent, createHooks, createTool } from '@voltagent/core';
import { z } from 'zod';
import { lookup, MODEL, prompt, ROLE, TOOL, TOOL_DESCRIPTION } from './_tool.mjs';

export const mechanism = '`hooks.onStepFinish` of the generateText';

export async function setup({ baseURL }) {
  const model = createOpenAI({ baseURL, apiKey: 'x' }).chat(MODEL);
  const parameters = z.object({ query: z.string() });
  const execute = async ({ query }) => lookup(query);
  const tools = [createTool({ name: TOOL, description: TOOL_DESCRIPTION, parameters, execute })];
  const agent = new Agent({ name: 'researcher', instructions: ROLE, model, tools, memory: false });
  return {
    run: async (marker, observer) => {
      const hooks = createHooks({ onStepFinish: ({ step }) => observer.hear([step.text, step.toolCalls]) });
      return (await agent.generateText(prompt(marker), { hooks, allowSystemInMessages: true })).text;
    },
  };
}

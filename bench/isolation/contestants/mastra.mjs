// Mastra: one agent, onStepFinish for each generate.
import { createOpenAI } from '@ai-sdk/openai';
import { Mastra } from '@mastra/core';
import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { z } from 'zod';
import { lookup, MODEL, prompt, ROLE, TOOL, TOOL_DESCRIPTION } from './_tool.mjs';

export const mechanism = '`onStepFinish` of the generate';

export async function setup({ baseURL }) {
  const model = createOpenAI({ baseURL, apiKey: 'x' }).chat(MODEL);
  const tool = createTool({
    id: TOOL,
    description: TOOL_DESCRIPTION,
    inputSchema: z.object({ query: z.string() }),
    execute: async (input) => lookup((input.context ?? input).query),
  });
  const agent = new Agent({
    id: 'researcher',
    name: 'researcher',
    instructions: ROLE,
    model,
    tools: { [TOOL]: tool },
  });
  const mastra = new Mastra({ agents: { researcher: agent }, logger: false });
  return {
    run: async (marker, observer) => {
      const researcher = mastra.getAgent('researcher');
      const onStepFinish = ({ text, toolCalls }) => observer.hear([text, toolCalls]);
      return (await researcher.generate(prompt(marker), { onStepFinish })).text;
    },
  };
}

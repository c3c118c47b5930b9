// OpenAI Agents SDK: a Runner for each run, and a listener for its lifecycle events. They tell of agents and tools,
// not of model calls: two of them stand for the two calls here, the tool's end and the agent's.
import { Agent, OpenAIChatCompletionsModel, Runner, setTracingDisabled, tool } from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';
import { lookup, MODEL, prompt, ROLE, TOOL, TOOL_DESCRIPTION } from './_tool.mjs';

export const mechanism = '`runner.on` of a Runner for each run (agent_tool_end, agent_end)';

export async function setup({ baseURL }) {
  setTracingDisabled(true);
  const model = new OpenAIChatCompletionsModel(new OpenAI({ baseURL, apiKey: 'x', maxRetries: 0 }), MODEL);
  const parameters = z.object({ query: z.string() });
  const execute = async ({ query }) => lookup(query);
  const tools = [tool({ name: TOOL, description: TOOL_DESCRIPTION, parameters, execute })];
  const agent = new Agent({ name: 'Researcher', instructions: ROLE, model, tools });
  return {
    run: async (marker, observer) => {
      const runner = new Runner({ tracingDisabled: true });
      runner.on('agent_tool_end', (_context, _agent, _tool, result) => observer.hear(result));
      runner.on('agent_end', (_context, _agent, output) => observer.hear(output));
      return (await runner.run(agent, prompt(marker))).finalOutput;
    },
  };
}

// LangGraph.js: a prebuilt ReAct agent, a callback handler for each invoke, with LangChain's default of not awaiting
// handlers in the background unless a handler says so.
import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { tool } from '@langchain/core/tools';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { lookup, MODEL, prompt, ROLE, TOOL, TOOL_DESCRIPTION } from './_tool.mjs';

export const mechanism = 'callback handler of the invoke (handleLLMEnd)';

class Tracer extends BaseCallbackHandler {
  name = 'tracer';
  constructor(observer) {
    super();
    this.observer = observer;
  }
  handleLLMEnd(output) {
    return this.observer.hear(output.generations);
  }
}

export async function setup({ baseURL }) {
  const configuration = { baseURL };
  const llm = new ChatOpenAI({
    model: MODEL,
    apiKey: 'x',
    configuration,
    useResponsesApi: false,
    maxRetries: 0,
  });
  const schema = z.object({ query: z.string() });
  const execute = async ({ query }) => lookup(query);
  const agent = createReactAgent({
    llm,
    tools: [tool(execute, { name: TOOL, description: TOOL_DESCRIPTION, schema })],
    prompt: ROLE,
  });
  return {
    run: async (marker, observer) => {
      const messages = [{ role: 'user', content: prompt(marker) }];
      const output = await agent.invoke({ messages }, { callbacks: [new Tracer(observer)] });
      return output.messages.at(-1).content;
    },
  };
}

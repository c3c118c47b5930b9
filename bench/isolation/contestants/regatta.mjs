// Regatta: one shared crew; a callback object for each run, given to crew.start.
import { Agent, Crew, createRuntime, defineTool, LLM, Task } from 'regatta';
import { lookup, MODEL, prompt, ROLE, TOOL, TOOL_DESCRIPTION } from './_tool.mjs';

export const mechanism = 'callbacks of the run (`on: model.end`)';

class Tracer {
  on = ['model.end'];
  constructor(observer) {
    this.observer = observer;
  }
  onEvent({ message }) {
    return this.observer.hear(message);
  }
}

export async function setup({ baseURL }) {
  const llm = new LLM({ model: `openai/${MODEL}`, api: 'chat', baseURL, apiKey: 'x' });
  const tool = defineTool({
    name: TOOL,
    description: TOOL_DESCRIPTION,
    input: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
    execute: ({ query }) => lookup(query),
  });
  const agent = new Agent({ role: 'Researcher', goal: ROLE, llm, tools: [tool] });
  const task = new Task({ description: prompt('{marker}'), expectedOutput: 'Facts', agent });
  const crew = new Crew({ agents: [agent], tasks: [task] });
  const runtime = createRuntime({ onCallbackError: () => undefined });
  return {
    run: async (marker, observer) => {
      const { text } = await runtime.run(crew, { inputs: { marker }, callbacks: [new Tracer(observer)] });
      return text;
    },
  };
}

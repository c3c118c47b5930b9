// OpenAI Agents SDK: a tracing processor for each run, the only observer that hears model calls.
import {
  Agent,
  addTraceProcessor,
  OpenAIChatCompletionsModel,
  run,
  setTraceProcessors,
  setTracingDisabled,
  tool,
  withTrace,
} from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';
import { lookup, MODEL, prompt, ROLE, TOOL, TOOL_DESCRIPTION } from './_tool.mjs';

export const mechanism = '`addTraceProcessor` (generation spans)';

class Tracer {
  constructor(observer) {
    this.observer = observer;
  }
  async onTraceStart() {}
  async onTraceEnd() {}
  async onSpanStart() {}
  async onSpanEnd({ spanData }) {
    if (spanData.type === 'generation') await this.observer.hear([spanData.input, spanData.output]);
  }
  async shutdown() {}
  async forceFlush() {}
}

export async function setup({ baseURL }) {
  setTracingDisabled(false);
  setTraceProcessors([]); // without the exporter to the vendor
  const model = new OpenAIChatCompletionsModel(new OpenAI({ baseURL, apiKey: 'x', maxRetries: 0 }), MODEL);
  const parameters = z.object({ query: z.string() });
  const execute = async ({ query }) => lookup(query);
  const tools = [tool({ name: TOOL, description: TOOL_DESCRIPTION, parameters, execute })];
  const agent = new Agent({ name: 'Researcher', instructions: ROLE, model, tools });
  return {
    run: async (marker, observer) => {
      addTraceProcessor(new Tracer(observer)); // there is no call that takes one processor back
      return await withTrace(`run of ${marker}`, async () => (await run(agent, prompt(marker))).finalOutput);
    },
  };
}

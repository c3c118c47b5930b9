/** The job with the AI SDK: `generateText` for each task, with its callbacks. */
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, isStepCount, tool } from 'ai';
import { z } from 'zod';

const MAX_STEPS = 10;

export async function open({ baseURL, job }) {
  const { LOOKUP, lookup, MODEL_ID, REPORT, RESEARCH, RESEARCHER, WRITER } = job;
  globalThis.AI_SDK_LOG_WARNINGS = false;
  const model = createOpenAI({ baseURL, apiKey: 'x' }).chat(MODEL_ID);
  const tools = {
    [LOOKUP.name]: tool({
      description: LOOKUP.description,
      inputSchema: z.object({ query: z.string() }),
      execute: ({ query }) => lookup(query),
    }),
  };
  const stopWhen = isStepCount(MAX_STEPS);

  const runCrew = async (marker, observer) => {
    const hear = (type, text) => observer.hear({ type, runId: marker, text });
    const listeners = {
      onStepEnd: ({ text, toolCalls }) => hear('model.end', toolCalls[0]?.input.query ?? text),
      onToolExecutionStart: ({ toolCall }) => hear('tool.start', toolCall.input.query),
      onToolExecutionEnd: ({ toolOutput }) => hear('tool.end', toolOutput.output),
    };
    const work = async (agent, task, earlier, options) => {
      const description = task.description.replace('{subject}', marker);
      const prompt = `${description}\n\nExpected output: ${task.expectedOutput}${earlier}`;
      hear('task.start', description);
      hear('agent.start', null);
      const { text } = await generateText({
        model,
        system: `You are ${agent.role}. ${agent.backstory}\nYour goal: ${agent.goal}`,
        prompt,
        maxRetries: 0,
        ...options,
        ...listeners,
        onStepStart: () => hear('model.start', prompt),
      });
      hear('agent.end', text);
      hear('task.end', text);
      return text;
    };
    hear('run.start', marker);
    const facts = await work(RESEARCHER, RESEARCH, '', { tools, stopWhen });
    const earlier = `\n\nResults of earlier tasks:\n\n## ${RESEARCH.name}\n${facts}`;
    const report = await work(WRITER, REPORT, earlier, {});
    hear('run.end', report);
    return report;
  };
  return { runCrew, close: async () => {} };
}

/** The job: three model calls and two tool runs, all of which answer at once. Five steps. */
import { Agent, Crew, crewRef, defineTool, type Model, Task } from 'regatta';
import { z } from 'zod';

export const STEPS = 5;

const usage = {
  inputTokens: 100,
  outputTokens: 20,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

const model: Model = {
  id: 'bench/model',
  price: { inputUsdPerMillion: 1, outputUsdPerMillion: 1 },
  async call({ messages, tools }) {
    const isAsking = tools.length > 0 && messages.at(-1)?.role !== 'tool';
    const calls = ['first', 'second'].map((word, index) => ({
      type: 'tool-call' as const,
      callId: `call-${index}`,
      tool: 'look',
      args: { word },
    }));
    return {
      message: {
        role: 'assistant',
        content: isAsking ? calls : [{ type: 'text', text: 'An answer of a few words.' }],
      },
      finishReason: isAsking ? 'tool-calls' : 'stop',
      ...{ usage, modelId: null, responseId: null },
    };
  },
};

const look = defineTool({
  name: 'look',
  description: 'Looks a word up.',
  input: z.object({ word: z.string() }),
  execute: ({ word }) => `the meaning of ${word}`,
});

const scholar = new Agent({ role: 'scholar', goal: 'Know', llm: model, tools: [look] });
const writer = new Agent({ role: 'writer', goal: 'Write', llm: model });
const study = new Task({
  name: 'study',
  description: 'Study {topic}',
  expectedOutput: 'Facts',
  agent: scholar,
});
const report = new Task({ name: 'report', description: 'Report', expectedOutput: 'A page', agent: writer });

export const job: Crew = new Crew({
  name: 'job',
  agents: [scholar, writer],
  tasks: [study, report],
  ref: crewRef({ name: 'job', module: import.meta.url, export: 'job' }),
});

/** A crew that asks a person, and one that never ends by itself. */
import { z } from 'zod';
import { Agent, Crew, crewRef, defineTool, type Model, Task, type Tool } from '../../index.ts';
import { scriptedModel } from '../../testing/index.ts';

const ask: Tool = Object.freeze({
  ...defineTool({ name: 'ask', description: 'Asks a person.', input: z.object({}), execute: () => '' }),
  async work(_args, context) {
    const { text } = await context.ask({ kind: 'question', question: 'Which port?', subject: null });
    return text;
  },
} satisfies Tool);

const asker = new Agent({
  role: 'asker',
  goal: 'Ask',
  llm: scriptedModel(
    [
      ({ messages }) => {
        const last = messages.at(-1);
        return last?.role === 'tool' ? `to ${last.content}` : { toolCalls: [{ tool: 'ask', args: {} }] };
      },
    ],
    { loop: true },
  ),
  tools: [ask],
});
const where = new Task({ name: 'where', description: 'Ask', expectedOutput: 'A port', agent: asker });
export const asks: Crew = new Crew({
  name: 'asks',
  agents: [asker],
  tasks: [where],
  ref: crewRef({ name: 'asks', module: import.meta.url, export: 'asks' }),
});

/** Ends with its signal alone. */
const endless: Model = {
  id: 'endless/model',
  async call(_request, { signal }) {
    return await new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  },
};
const sleeper = new Agent({ role: 'sleeper', goal: 'Sleep', llm: endless });
const night = new Task({ name: 'night', description: 'Sleep', expectedOutput: 'A dream', agent: sleeper });
export const sleeps: Crew = new Crew({
  name: 'sleeps',
  agents: [sleeper],
  tasks: [night],
  ref: crewRef({ name: 'sleeps', module: import.meta.url, export: 'sleeps' }),
});

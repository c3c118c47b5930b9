/** A crew that asks a person, by a module that a thread can load. */
import { z } from 'zod';
import { Agent, Crew, crewRef, defineTool, Task, type Tool } from '../index.ts';
import { scriptedModel } from '../testing/index.ts';

const base = defineTool({ name: 'ask', description: 'Asks.', input: z.object({}), execute: () => '' });
const ask: Tool = Object.freeze({
  ...base,
  async work(_args, context) {
    const request = { kind: 'question', question: 'Which harbour?', subject: null } as const;
    return JSON.stringify(await context.child('input').ask(request));
  },
} satisfies Tool);

const llm = scriptedModel(
  [
    ({ messages }) => {
      const last = messages.at(-1);
      return last?.role === 'tool' ? last.content : { toolCalls: [{ tool: 'ask', args: {} }] };
    },
  ],
  { loop: true },
);
const agent = new Agent({ role: 'asker', goal: 'Ask', llm, tools: [ask] });
export const asker: Crew = new Crew({
  name: 'asker',
  agents: [agent],
  tasks: [new Task({ name: 'ask', description: 'Ask.', expectedOutput: 'An answer.', agent })],
  ref: crewRef({ name: 'asker', module: import.meta.url, export: 'asker' }),
});

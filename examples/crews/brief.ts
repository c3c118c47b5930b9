/** A crew for the command line: `regatta run brief.ts --input topic=tides --rehearse`. It names no model. */
import { Agent, Crew, defineTool, Task } from 'regatta';
import { z } from 'zod';

const count = defineTool({
  name: 'count_words',
  description: 'Counts the words of a text.',
  input: z.object({ text: z.string() }),
  execute: ({ text }) => text.split(/\s+/).filter((word) => word !== '').length,
});

const writer = new Agent({ role: 'Writer', goal: 'Explain in few words', tools: [count] });
const draft = new Task({
  name: 'draft',
  description: 'Draft a brief on {topic}.',
  expectedOutput: 'Three sentences',
  agent: writer,
});
const brief = new Task({
  name: 'brief',
  description: 'Make the brief on {topic} shorter.',
  expectedOutput: 'A title and one sentence',
  agent: writer,
  tools: [],
  output: z.object({ title: z.string().max(80), text: z.string() }),
});

export const crew = new Crew({ name: 'brief', agents: [writer], tasks: [draft, brief] });

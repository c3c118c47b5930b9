/** The crew file of a new project in TypeScript. NAME and MODEL stand for what the user chose. */

export const TS_CREW = `/** Run it with \`regatta run . --input topic=tides\`; add --rehearse to ask no model. */
import { Agent, Crew, Task } from 'regatta';
import { shortEnough } from './guardrails/short_enough.ts';
import { wordCount } from './tools/word_count.ts';

const researcher = new Agent({
  role: '{topic} researcher',
  goal: 'Find what matters about {topic}',
  backstory: 'You read a lot, and you keep what can be checked.',
});
const writer = new Agent({
  role: 'Writer',
  goal: 'Explain in few words',
  backstory: 'You write for people who have one minute.',
  tools: [wordCount],
});

const research = new Task({
  name: 'research',
  description: 'Research {topic}. Say what is known, and what is not.',
  expectedOutput: 'Ten points, each in one sentence',
  agent: researcher,
});
const report = new Task({
  name: 'report',
  description: 'Write a report on {topic} from the research, of at most 200 words.',
  expectedOutput: 'A title and three paragraphs',
  agent: writer,
  context: [research],
  guardrails: [shortEnough],
  markdown: true,
  outputFile: 'report.md',
});

export const crew = new Crew({
  name: 'NAME',
  llm: 'MODEL',
  agents: [researcher, writer],
  tasks: [research, report],
});
`;

export const TS_TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntime } from 'regatta';
import { crew } from './crew.ts';

test('the crew runs from its first task to its last, on no model', async () => {
  const runtime = createRuntime({ rehearse: true });
  const output = await runtime.run(crew, { inputs: { topic: 'tides' } });
  assert.deepEqual(
    output.tasks.map(({ task }) => task),
    ['research', 'report'],
  );
  assert.match(output.text, /word_count/); // the writer used its tool
  await runtime.close();
});
`;

/**
 * Regatta, built, as a contestant of a benchmark of many frameworks that the bench's README names. The
 * harness gives prompts, tool, marker and observer as `util`, so that all contestants do the same work.
 */
import { Agent, Crew, createRuntime, defineTool, LLM, Task } from 'regatta';
import { z } from 'zod';

export async function setup({ baseURL, util }) {
  const llm = new LLM({ model: 'openai/mock-1', api: 'chat', baseURL, apiKey: 'x' });
  const lookup = defineTool({
    name: 'lookup',
    description: util.TOOL_DESC,
    input: z.object({ query: z.string() }),
    execute: ({ query }) => util.lookup(query),
  });
  const researcher = new Agent({
    role: 'a senior researcher',
    goal: 'Report what you found.',
    backstory: util.ROLE1,
    llm,
    tools: [lookup],
  });
  const writer = new Agent({
    role: 'a careful technical writer',
    goal: 'Write a short report.',
    backstory: util.ROLE2,
    llm,
  });
  const crew = new Crew({
    agents: [researcher, writer],
    tasks: [
      new Task({
        description: util.task1('{subject}'),
        expectedOutput: 'One paragraph of key facts.',
        agent: researcher,
      }),
      // The crew itself adds the first task's answer as context.
      new Task({ description: util.task2(''), expectedOutput: 'The final report.', agent: writer }),
    ],
  });
  const runtime = createRuntime();
  return {
    async runCrew(id) {
      const marker = util.markerOf(id);
      const observer = new util.Observer(marker);
      const onEvent = (event) => {
        if (event.type === 'model.end') observer.llmEnd(textOf(event.message));
      };
      const { text } = await crew.kickoff({ inputs: { subject: marker }, callbacks: [onEvent], runtime });
      return { text, events: observer.n, foreign: observer.foreign };
    },
    teardown: () => runtime.close(),
  };
}

function textOf(message) {
  const parts = message?.content ?? [];
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}

/** The job as a crew of Regatta: one definition for all runs, one callback for each run, all events. */
import { Agent, Crew, createRuntime, defineTool, LLM, type Message, type RunEvent, Task } from 'regatta';
import { z } from 'zod';
import {
  type Contestant,
  LOOKUP,
  lookup,
  MODEL_ID,
  REPORT,
  RESEARCH,
  RESEARCHER,
  type RunCrew,
  WRITER,
} from '../job.ts';

export async function open({ baseURL }: { readonly baseURL: string }): Promise<Contestant> {
  const llm = new LLM({ model: `openai/${MODEL_ID}`, api: 'chat', baseURL, apiKey: 'x' });
  const tool = defineTool({
    ...LOOKUP,
    input: z.object({ query: z.string() }),
    execute: ({ query }) => lookup(query),
  });
  const researcher = new Agent({ ...RESEARCHER, llm, tools: [tool] });
  const writer = new Agent({ ...WRITER, llm });
  const crew = new Crew({
    agents: [researcher, writer],
    tasks: [new Task({ ...RESEARCH, agent: researcher }), new Task({ ...REPORT, agent: writer })],
  });
  const runtime = createRuntime();
  const runCrew: RunCrew = async (marker, observer) => {
    const onEvent = (event: RunEvent): void =>
      observer.hear({ type: event.type, runId: event.runId, text: markedTextOf(event) });
    const { text } = await crew.kickoff({ inputs: { subject: marker }, callbacks: [onEvent], runtime });
    return text;
  };
  return { runCrew, close: () => runtime.close() };
}

/** The text of an event in which the marker of its crew must stand. */
function markedTextOf(event: RunEvent): string | null {
  switch (event.type) {
    case 'run.start':
      return textIn(event.inputs, 'subject');
    case 'run.end':
      return textIn(event.output, 'text');
    case 'task.start':
      return event.description;
    case 'task.end':
    case 'agent.end':
      return event.text;
    case 'model.start':
      return event.messages[1] === undefined ? null : textOf(event.messages[1]);
    case 'model.end':
      return event.message === null ? null : textOf(event.message);
    case 'tool.start':
      return textIn(event.args, 'query');
    case 'tool.end':
      return event.result;
    default:
      return null;
  }
}

function textOf({ content }: Message): string | null {
  if (typeof content === 'string') return content;
  const [part] = content;
  if (part?.type === 'text') return part.text;
  return part?.type === 'tool-call' ? textIn(part.args, 'query') : null;
}

function textIn(value: unknown, field: string): string | null {
  const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
  return typeof text === 'string' ? text : null;
}

/**
 * The crew that talks in `regatta chat`: one agent, whose tool is the crew that the user came for.
 *
 * The agent only fills in inputs. The crew behind the tool runs as it always does, in a run of its own.
 */
import {
  Agent,
  Crew,
  type CrewOutput,
  defineTool,
  type Inputs,
  type JsonObject,
  type LlmInput,
  type Run,
  Task,
} from '../../index.ts';
import { countOf } from '../amount.ts';

export interface ChatSetup {
  /** The name of the crew behind the tool. */
  readonly name: string;
  /** Inputs that the crew asks for. */
  readonly placeholders: readonly string[];
  readonly defaults: Inputs;
  /** What its tasks do, for the agent to know when to run it. */
  readonly tasks: readonly { readonly name: string; readonly description: string }[];
  /** Undefined = the runtime's. */
  readonly llm: LlmInput | undefined;
  /** Starts the crew behind the tool. */
  readonly startCrew: (inputs: Inputs) => Run<CrewOutput>;
}

/** One thing that was said. */
export interface Turn {
  readonly who: 'user' | 'assistant';
  readonly text: string;
}

export function createChatCrew(setup: ChatSetup): Crew {
  const { name, tasks, llm } = setup;
  const host = new Agent({
    role: 'Host',
    goal: `Help the user, and run the crew "${name}" when they want what it does`,
    backstory: [
      `The crew "${name}" does these tasks:`,
      ...tasks.map((task) => `- ${withoutBraces(task.name)}: ${withoutBraces(task.description)}`),
      'You run it with the tool run_crew. Take its inputs from what the user said. Ask for those that are missing, one question at a time, and never make one up.',
    ].join('\n'),
    tools: [crewTool(setup)],
    ...(llm === undefined ? {} : { llm }),
  });
  const reply = new Task({
    name: 'reply',
    description: 'Answer the last message of this conversation.\n\n{conversation}',
    expectedOutput: 'What you say to the user, and nothing else',
    agent: host,
  });
  return new Crew({ name: 'chat', agents: [host], tasks: [reply] });
}

/** What the chat's crew is given. */
export function chatInputs(turns: readonly Turn[]): Inputs {
  return { conversation: turns.map(({ who, text }) => `${who}: ${text}`).join('\n\n') };
}

function crewTool({ name, placeholders, defaults, startCrew }: ChatSetup): ReturnType<typeof defineTool> {
  return defineTool({
    name: 'run_crew',
    description: `Runs the crew "${name}" and gives what it came to. It needs ${countOf(placeholders.length, 'input')}.`,
    input: inputSchema(placeholders, defaults),
    // A crew works for as long as it works: its own limits end it, and the user's Ctrl-C.
    timeoutMs: MAX_CREW_MS,
    execute: async (args, { signal }) => {
      const run = startCrew({ ...defaults, ...(args as Inputs) }); // the schema says that it is an object
      const cancel = (): void => run.cancel(String(signal.reason));
      signal.addEventListener('abort', cancel, { once: true });
      try {
        return (await run.result).text;
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    },
  });
}

/** A day: longer than any crew that somebody waits for at a terminal. */
const MAX_CREW_MS = 86_400_000;

/** Each input is a text; those with a default may be left out. */
function inputSchema(placeholders: readonly string[], defaults: Inputs): JsonObject {
  const properties = placeholders.map((name) => {
    const value = defaults[name];
    const description =
      value === undefined ? `The input ${name}.` : `The input ${name}. Default: ${JSON.stringify(value)}`;
    return [name, { type: 'string', description }] as const;
  });
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: placeholders.filter((name) => !Object.hasOwn(defaults, name)),
    additionalProperties: false,
  };
}

/** The host's texts are templates too: what stands for an input of the crew is none of the chat's. */
function withoutBraces(text: string): string {
  return text.replace(/\{([A-Za-z_][\w-]*)\}/g, '<$1>');
}

/**
 * The job as one would write it by hand, without a framework: a loop for an agent, two calls of it
 * for the crew. It tells the same events as Regatta does, as small objects, at once.
 */
import { LOOKUP, lookup, MODEL_ID, REPORT, RESEARCH, RESEARCHER, type RunCrew, WRITER } from '../job.ts';
import type { EventObserver } from '../tally.ts';

interface ChatToolCall {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

type ChatMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | {
      readonly role: 'assistant';
      readonly content: string | null;
      readonly tool_calls?: readonly ChatToolCall[];
    }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly content: string };

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly object[];
}

/** As much of an answer as is read. */
export interface ChatAnswer {
  readonly choices: readonly {
    readonly message: { readonly content: string | null; readonly tool_calls?: readonly ChatToolCall[] };
  }[];
}

export type Complete = (request: ChatRequest) => Promise<ChatAnswer>;

const MAX_TURNS = 10;

const TOOLS = [
  {
    type: 'function',
    function: {
      ...LOOKUP,
      parameters: {
        type: 'object',
        properties: { query: { type: 'string' } },
        required: ['query'],
        additionalProperties: false,
      },
    },
  },
];

export function createLoop(complete: Complete): RunCrew {
  return async (marker, observer) => {
    observer.hear({ type: 'run.start', runId: marker, text: marker });
    const work = { complete, marker, observer };
    const description = RESEARCH.description.replace('{subject}', marker);
    observer.hear({ type: 'task.start', runId: marker, text: description });
    const facts = await runAgent(work, {
      system: `You are ${RESEARCHER.role}. ${RESEARCHER.backstory}\nYour goal: ${RESEARCHER.goal}`,
      prompt: `${description}\n\nExpected output: ${RESEARCH.expectedOutput}`,
      tools: TOOLS,
    });
    observer.hear({ type: 'task.end', runId: marker, text: facts });
    observer.hear({ type: 'task.start', runId: marker, text: REPORT.description });
    const report = await runAgent(work, {
      system: `You are ${WRITER.role}. ${WRITER.backstory}\nYour goal: ${WRITER.goal}`,
      prompt: `${REPORT.description}\n\nExpected output: ${REPORT.expectedOutput}\n\nResults of earlier tasks:\n\n## ${RESEARCH.name}\n${facts}`,
      tools: null,
    });
    observer.hear({ type: 'task.end', runId: marker, text: report });
    observer.hear({ type: 'run.end', runId: marker, text: report });
    return report;
  };
}

interface CrewWork {
  readonly complete: Complete;
  readonly marker: string;
  readonly observer: EventObserver;
}

interface Assignment {
  readonly system: string;
  readonly prompt: string;
  readonly tools: readonly object[] | null;
}

async function runAgent(
  { complete, marker, observer }: CrewWork,
  { system, prompt, tools }: Assignment,
): Promise<string> {
  observer.hear({ type: 'agent.start', runId: marker, text: null });
  const messages: ChatMessage[] = [
    { role: 'system', content: system },
    { role: 'user', content: prompt },
  ];
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    observer.hear({ type: 'model.start', runId: marker, text: prompt });
    const request = tools === null ? { model: MODEL_ID, messages } : { model: MODEL_ID, messages, tools };
    const message = (await complete(request)).choices[0]?.message;
    const text = message?.content ?? '';
    const calls = message?.tool_calls ?? [];
    observer.hear({ type: 'model.end', runId: marker, text: calls[0]?.function.arguments ?? text });
    if (calls.length === 0) {
      observer.hear({ type: 'agent.end', runId: marker, text });
      return text;
    }
    messages.push({ role: 'assistant', content: null, tool_calls: calls });
    for (const { id, function: call } of calls) {
      const args = JSON.parse(call.arguments) as { readonly query: string }; // the mock answers by the schema
      observer.hear({ type: 'tool.start', runId: marker, text: args.query });
      const result = lookup(args.query);
      observer.hear({ type: 'tool.end', runId: marker, text: result });
      messages.push({ role: 'tool', tool_call_id: id, content: result });
    }
  }
  throw new Error(`The model gave no answer in ${MAX_TURNS} turns.`);
}

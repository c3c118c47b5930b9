/** Role, goal, task and context as the messages that open a conversation with a model. */
import { deepFreeze, type JsonObject } from '../base/json.ts';
import { shapeRequest } from '../model/shaped.ts';
import type {
  FilePart,
  Message,
  SystemMessage,
  TextPart,
  ToolCallPart,
  ToolMessage,
} from '../protocol/message.ts';

/** Who answers. */
export interface Persona {
  readonly role: string;
  readonly goal: string;
  readonly backstory: string;
}

/** What is asked, every placeholder filled. */
export interface Assignment {
  readonly description: string;
  readonly expectedOutput: string;
  /** What earlier tasks gave, in order. */
  readonly context: readonly { readonly task: string; readonly text: string }[];
  /** The shape of the answer; null = free text. */
  readonly schema: JsonObject | null;
  /** Whether the answer is to be Markdown. */
  readonly markdown?: boolean;
  /** What stands behind the text. */
  readonly files?: readonly (TextPart | FilePart)[];
}

export function openConversation(persona: Persona, assignment: Assignment): readonly Message[] {
  const { files = [] } = assignment;
  const text = userText(assignment);
  return deepFreeze<Message[]>([
    introduce(persona),
    { role: 'user', content: files.length === 0 ? text : [{ type: 'text', text }, ...files] },
  ]);
}

/** Who the model is to be. */
export function introduce({ role, goal, backstory }: Persona): SystemMessage {
  const story = backstory === '' ? '' : `${backstory}\n`;
  return { role: 'system', content: `You are ${role}. ${story}Your goal: ${goal}` };
}

function userText({ description, expectedOutput, context, schema, markdown = false }: Assignment): string {
  const parts = [description, `Expected output: ${expectedOutput}`];
  if (context.length > 0) {
    parts.push(`Results of earlier tasks:\n\n${joinResults(context)}`);
  }
  if (markdown) parts.push(MARKDOWN_REQUEST);
  if (schema !== null) {
    parts.push(shapeRequest(schema));
  }
  return parts.join('\n\n');
}

/** What earlier tasks gave, as one text. */
export function joinResults(results: Assignment['context']): string {
  return results.map(({ task, text }) => `## ${task}\n${text}`).join('\n\n');
}

const MARKDOWN_REQUEST =
  'Write the answer in Markdown: headings that begin with "#", lists, and tables where they help. Do not put a code fence around the whole answer.';

/** Said when an answer was not accepted. `answer` = what was looked at, where the conversation holds another text. */
export function redraftRequest(feedback: string, answer: string | null): Message {
  const about = answer === null ? 'Your answer' : `Your answer, which now reads:\n\n${answer}\n\nIt`;
  return Object.freeze({
    role: 'user',
    content: `${about} was not accepted:\n${feedback}\n\nGive the complete answer again, with this mended.`,
  });
}

/** Said when an agent has used up its turns. */
export const FINAL_ANSWER_REQUEST: Message = Object.freeze({
  role: 'user',
  content:
    'You have no tool calls left. Give your best complete final answer now, from what you know so far.',
});

/** Said of a call that was made although there are none left: no provider takes a call without a result. */
export function noCallsLeft({ callId, tool }: ToolCallPart): ToolMessage {
  const content = 'Not called: you have no tool calls left.';
  return Object.freeze({ role: 'tool', callId, tool, content, isError: true });
}

/** Said when an answer holds no text. */
export const EMPTY_ANSWER_FEEDBACK: Message = Object.freeze({
  role: 'user',
  content: 'Your answer was empty. Give your complete final answer as text.',
});

/** Role, goal, task and context as the messages that open a conversation with a model. */
import { deepFreeze, type JsonObject } from '../base/json.ts';
import { shapeRequest } from '../model/shaped.ts';
import type { Message, SystemMessage, ToolCallPart, ToolMessage } from '../protocol/message.ts';

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
}

export function openConversation(persona: Persona, assignment: Assignment): readonly Message[] {
  return deepFreeze<Message[]>([introduce(persona), { role: 'user', content: userText(assignment) }]);
}

/** Who the model is to be. */
export function introduce({ role, goal, backstory }: Persona): SystemMessage {
  const story = backstory === '' ? '' : `${backstory}\n`;
  return { role: 'system', content: `You are ${role}. ${story}Your goal: ${goal}` };
}

function userText({ description, expectedOutput, context, schema }: Assignment): string {
  const parts = [description, `Expected output: ${expectedOutput}`];
  if (context.length > 0) {
    const results = context.map(({ task, text }) => `## ${task}\n${text}`).join('\n\n');
    parts.push(`Results of earlier tasks:\n\n${results}`);
  }
  if (schema !== null) {
    parts.push(shapeRequest(schema));
  }
  return parts.join('\n\n');
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

/**
 * Tool calls written as text, for models that know of no other: how they are asked for, and how they are read.
 *
 * What a model writes behind a call does not count: a result comes from an executed call, and from nowhere
 * else (crewAI #3154).
 */
import { type Json, leadingJson } from '../base/json.ts';
import type { ToolSpec } from '../ports/model.ts';
import type { AssistantMessage, Message, ToolCallPart, ToolMessage } from '../protocol/message.ts';

/** Ends an answer that goes on to make up the result of its own call. */
export const RESULT_MARK = '\nObservation:';

/** What a model is told of its tools. */
export function toolGuide(tools: readonly ToolSpec[]): string {
  const list = tools.map(
    ({ name, description, inputSchema }) =>
      `- ${name}: ${description}\n  Arguments (JSON Schema): ${JSON.stringify(inputSchema)}`,
  );
  return `You can use these tools:
${list.join('\n')}

To use a tool, end your message with exactly these two lines:
Action: the name of one tool
Action Input: its arguments as one JSON object

Then stop. The result comes in the next message, after "Observation:". Never write an observation yourself.
When you know the answer, write this instead, and nothing after it:
Final Answer: your complete answer`;
}

/** The conversation as a model sees it that knows no calls and no results. */
export function toText(messages: readonly Message[]): readonly Message[] {
  const texts: Message[] = [];
  let results: string[] = []; // of one turn: they are one message
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'tool') {
      texts.push(message.role === 'assistant' ? withoutCalls(message) : message);
      continue;
    }
    results.push(resultText(message));
    if (messages[index + 1]?.role === 'tool') continue;
    texts.push({ role: 'user', content: results.join('\n\n') });
    results = [];
  }
  return texts;
}

function resultText({ tool, content, isError }: ToolMessage): string {
  return `Observation: ${isError ? `Tool "${tool}" failed. ` : ''}${content}`;
}

function withoutCalls(message: AssistantMessage): AssistantMessage {
  if (!message.content.some(({ type }) => type === 'tool-call')) return message;
  const content = message.content.map((part) =>
    part.type === 'tool-call' ? ({ type: 'text', text: callText(part) } as const) : part,
  );
  return { ...message, content };
}

function callText({ tool, args, rawArgs }: ToolCallPart): string {
  return `\nAction: ${tool}\nAction Input: ${rawArgs ?? JSON.stringify(args)}`;
}

/** What a model has written. */
export type Reading =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'call'; readonly thought: string; readonly tool: string; readonly input: string };

/** At the beginning of a line, also where the model makes it bold. */
const ANSWER = /^[ \t]*\**Final Answer\**:\**[ \t]*/im;
const ACTION = /^[ \t]*\**Action\**:\**[ \t]*(.*)$/gim;
const INPUT = /^[ \t]*\**Action Input\**:\**[ \t]*/im;
const OBSERVATION = /^[ \t]*\**Observation\**:/im;
const THOUGHT = /^[ \t]*\**Thought\**:\**[ \t]*/i;

/** Where the answer begins in what has come so far; undefined while that is open, or there is a call first. */
export function answerStart(text: string, names: readonly string[]): number | undefined {
  const answer = ANSWER.exec(text);
  if (answer === null) return undefined;
  const call = firstCall(text, names);
  return call !== undefined && call.at < answer.index ? undefined : answer.index + answer[0].length;
}

/** Whichever comes first counts, the call or the answer. `names` are those of the tools. */
export function readText(whole: string, names: readonly string[]): Reading {
  const start = answerStart(whole, names);
  if (start !== undefined) return { kind: 'answer', text: whole.slice(start).trim() };
  const call = firstCall(whole, names);
  if (call === undefined) return { kind: 'answer', text: upToResult(whole).replace(THOUGHT, '').trim() };
  const thought = whole.slice(0, call.at).replace(THOUGHT, '').trim();
  return { kind: 'call', thought, tool: call.tool, input: call.input };
}

function firstCall(
  text: string,
  names: readonly string[],
): { readonly at: number; readonly tool: string; readonly input: string } | undefined {
  for (const action of text.matchAll(ACTION)) {
    const tool = (action[1] ?? '').trim().replace(/^["'`*]+|["'`*]+$/g, '');
    const behind = text.slice(action.index + action[0].length);
    const input = INPUT.exec(behind);
    const isNext = input !== null && behind.slice(0, input.index).trim() === '';
    // A line of prose may begin like this; the name of a tool, or arguments, make it a call.
    if (!isNext && !names.includes(tool)) continue;
    const written = isNext ? behind.slice(input.index + input[0].length) : '';
    return { at: action.index, tool, input: upToResult(written).trim() };
  }
  return undefined;
}

function upToResult(text: string): string {
  return text.slice(0, OBSERVATION.exec(text)?.index ?? text.length);
}

/**
 * The arguments in what stands behind `Action Input:`: JSON that is whole, whatever follows it. What is not
 * goes to the tool's schema as the text it is, and the model is told what is wrong with it.
 */
export function readArgs(input: string): Json {
  if (input === '') return {};
  const fenced = /^```(?:json)?\s*\n([\s\S]*?)```/.exec(input)?.[1];
  return leadingJson((fenced ?? input).trim()) ?? input;
}

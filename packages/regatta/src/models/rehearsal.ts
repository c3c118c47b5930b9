/**
 * The rehearsal model: runs any crew without a key and without the network, always in the same way.
 *
 * It calls each tool it is offered once, with arguments that fit the tool's schema, and then answers:
 * by the output schema if there is one, else with a text that says what was asked and what the tools
 * gave. It shows that a crew is wired up, and nothing about what a model would say.
 */
import type { Model, ModelEvent, ModelReply, ModelRequest, ToolChoice } from '../ports/model.ts';
import {
  type AssistantMessage,
  type Message,
  type ToolCallPart,
  type ToolMessage,
  textOf,
  type UserMessage,
} from '../protocol/message.ts';
import type { Price } from '../protocol/usage.ts';
import { createCallIds } from './call-ids.ts';
import { sampleJson } from './sample-json.ts';

/** It costs nothing, which is known. */
export const REHEARSAL_PRICE: Price = Object.freeze({ inputUsdPerMillion: 0, outputUsdPerMillion: 0 });

const CHARS_PER_TOKEN = 4;
const TASK_CHARS = 200;
const RESULT_CHARS = 160;
const TOPIC_CHARS = 80;

/** `modelId` may be anything; it is only a name. */
export function createRehearsalModel(modelId = 'default'): Model {
  return Object.freeze<Model>({
    id: `rehearsal/${modelId}`,
    price: REHEARSAL_PRICE,
    takesSchema: 'always',
    async call(request, { signal, wantsDeltas }, tell) {
      signal.throwIfAborted();
      const message = await respond(request);
      if (wantsDeltas) {
        for (const event of eventsOf(message)) {
          signal.throwIfAborted();
          await tell(event);
        }
      }
      return toReply(request, message, modelId);
    },
  });
}

async function respond(request: ModelRequest): Promise<AssistantMessage> {
  const { messages, tools, toolChoice, output } = request;
  const lastUser = messages.findLastIndex(({ role }) => role === 'user');
  const results = messages.slice(lastUser + 1).filter((message) => message.role === 'tool');
  const task = firstLine(messages[lastUser]);
  const isTimeForTools = mustUseTool(toolChoice) || (toolChoice === 'auto' && results.length === 0);
  if (tools.length > 0 && isTimeForTools) return { role: 'assistant', content: await callAll(request, task) };
  const text = output
    ? JSON.stringify(await sampleJson(output.schema, { topic: shorten(task, TOPIC_CHARS) }))
    : summarize(task, results);
  return { role: 'assistant', content: [{ type: 'text', text }] };
}

function mustUseTool(toolChoice: ToolChoice): boolean {
  return toolChoice === 'required' || typeof toolChoice === 'object';
}

async function callAll({ messages, tools, toolChoice }: ModelRequest, task: string): Promise<ToolCallPart[]> {
  const nextId = createCallIds(messages);
  const calls: ToolCallPart[] = [];
  for (const { name, inputSchema } of tools) {
    if (typeof toolChoice === 'object' && toolChoice.tool !== name) continue;
    const args = await sampleJson(inputSchema, { topic: shorten(task, TOPIC_CHARS) });
    calls.push({ type: 'tool-call', callId: nextId(), tool: name, args });
  }
  return calls;
}

function summarize(task: string, results: readonly ToolMessage[]): string {
  const said = results.map(({ tool, content }) => `${tool}: ${shorten(content, RESULT_CHARS)}`);
  return [`[rehearsal] Asked: ${shorten(task, TASK_CHARS)}`, ...said].join('\n');
}

function firstLine(message: Message | undefined): string {
  if (message?.role !== 'user') return '';
  const lines = textOfUser(message).split('\n');
  return lines.map((line) => line.trim()).find((line) => line !== '') ?? '';
}

function textOfUser({ content }: UserMessage): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : `[${part.mediaType}]`)).join('\n');
}

function shorten(text: string, chars: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > chars ? `${line.slice(0, chars - 1)}…` : line;
}

/** Word by word, as a model would write. */
function* eventsOf({ content }: AssistantMessage): Generator<ModelEvent> {
  for (const part of content) {
    if (part.type === 'tool-call') {
      yield { type: 'delta', kind: 'tool-call', text: JSON.stringify(part.args), tool: part.tool };
    } else if (part.type === 'text') {
      for (const [text] of part.text.matchAll(/\s*\S+|\s+/g))
        yield { type: 'delta', kind: 'text', text, tool: null };
    }
  }
}

function toReply({ messages, tools }: ModelRequest, message: AssistantMessage, modelId: string): ModelReply {
  const calls = message.content.filter((part) => part.type === 'tool-call');
  const written = textOf(message) + calls.map(({ args }) => JSON.stringify(args)).join('');
  return {
    message,
    finishReason: calls.length > 0 ? 'tool-calls' : 'stop',
    usage: {
      inputTokens: countTokens(JSON.stringify({ messages, tools })),
      outputTokens: countTokens(written),
      cachedInputTokens: null,
      cacheWriteTokens: null,
      reasoningTokens: null,
    },
    modelId,
    responseId: null,
  };
}

function countTokens(text: string): number {
  return Math.ceil(text.length / CHARS_PER_TOKEN);
}

/**
 * The hand-written loop on what Regatta speaks to OpenAI with: the model of `@ai-sdk/openai` on
 * Regatta's fetch, without Regatta around it. What the codec costs is not the framework's to save.
 */
import { createOpenAI } from '@ai-sdk/openai';
import type { LanguageModelV4FunctionTool, LanguageModelV4Prompt } from '@ai-sdk/provider';
import { createFetch } from '../../packages/regatta/src/models/fetch.ts'; // the package does not export it
import { type Contestant, LOOKUP, MODEL_ID } from '../job.ts';
import { type ChatRequest, createLoop } from './chat-loop.ts';

const TOOLS: LanguageModelV4FunctionTool[] = [
  {
    type: 'function',
    ...LOOKUP,
    inputSchema: {
      type: 'object',
      properties: { query: { type: 'string' } },
      required: ['query'],
      additionalProperties: false,
    },
  },
];

export async function open({ baseURL }: { readonly baseURL: string }): Promise<Contestant> {
  const { fetch, close } = createFetch({ connections: 1024 });
  const model = createOpenAI({ baseURL, apiKey: 'x', fetch }).chat(MODEL_ID);
  const runCrew = createLoop(async (chat) => {
    const prompt = toPrompt(chat);
    const tools = chat.tools === undefined ? {} : { tools: TOOLS, toolChoice: { type: 'auto' } as const };
    const { content } = await model.doGenerate({ prompt, ...tools });
    const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
    const calls = content.flatMap((part) =>
      part.type === 'tool-call'
        ? [{ id: part.toolCallId, function: { name: part.toolName, arguments: part.input } }]
        : [],
    );
    return { choices: [{ message: { content: text, tool_calls: calls } }] };
  });
  return { runCrew, close };
}

function toPrompt({ messages }: ChatRequest): LanguageModelV4Prompt {
  return messages.map((message): LanguageModelV4Prompt[number] => {
    switch (message.role) {
      case 'system':
        return { role: 'system', content: message.content };
      case 'user':
        return { role: 'user', content: [{ type: 'text', text: message.content }] };
      case 'assistant':
        return {
          role: 'assistant',
          content: (message.tool_calls ?? []).map(({ id, function: call }) => ({
            type: 'tool-call',
            toolCallId: id,
            toolName: call.name,
            input: JSON.parse(call.arguments) as unknown,
          })),
        };
      case 'tool':
        return {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: message.tool_call_id,
              toolName: LOOKUP.name,
              output: { type: 'text', value: message.content },
            },
          ],
        };
      default:
        return message satisfies never;
    }
  });
}

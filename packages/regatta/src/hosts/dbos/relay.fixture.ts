/** A crew for workers that are killed: every use of the outside is a line of a file, before it is answered. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  Agent,
  Crew,
  crewRef,
  defineTool,
  type Model,
  type ModelReply,
  Task,
  type ToolContext,
} from '../../index.ts';

/** One use: `nonce` is in what it answered, so a record shows which of several uses it is of. */
export interface Use {
  readonly runId: string;
  readonly spanId: string;
  readonly what: 'model' | 'tool';
  readonly nonce: string;
}

const { REGATTA_TEST_LOG: file = '', REGATTA_TEST_PACE: pace = '0' } = process.env;
let uses = 0;

/** The line is there before the answer is, as it would be at a server. */
function use(what: Use['what'], spanId: string): string {
  const nonce = `${process.pid}.${++uses}`;
  const [runId = ''] = spanId.split('/');
  if (file !== '') appendFileSync(file, `${JSON.stringify({ runId, spanId, what, nonce })}\n`);
  return nonce;
}

const SPOTS = ['pier', 'buoy', 'mole', 'quay'];

/** Positive: later tools take longer; negative: they answer first. */
async function wait(place: number): Promise<void> {
  const stepMs = Number(pace);
  await sleep(stepMs >= 0 ? stepMs * place : -stepMs * (SPOTS.length - place));
}

const look = defineTool({
  name: 'look',
  description: 'Looks at a spot.',
  input: z.object({ spot: z.string() }),
  execute: async ({ spot }, { idempotencyKey }: ToolContext) => {
    const nonce = use('tool', idempotencyKey);
    await wait(SPOTS.indexOf(spot));
    return `saw ${spot}<${nonce}>`;
  },
});

const model: Model = {
  id: 'relay/model',
  price: { inputUsdPerMillion: 1, outputUsdPerMillion: 1 },
  async call({ messages }, { span }) {
    const nonce = use('model', span.id);
    await wait(1);
    const results = messages.flatMap((message) => (message.role === 'tool' ? [message.content] : []));
    const seen = results.join(', ').replaceAll(/<[\d.]+>/g, '');
    const [, task] = span.id.split('/');
    if (task === 'survey' && results.length === 0) return reply(nonce, null);
    const topic = /Survey (port-\d+)/.exec(JSON.stringify(messages))?.[1];
    return reply(nonce, `${task} ${topic ?? ''}: ${seen}`);
  },
};

function reply(nonce: string, text: string | null): ModelReply {
  const calls = SPOTS.map((spot, index) => ({
    type: 'tool-call' as const,
    callId: `call-${index}`,
    tool: 'look',
    args: { spot },
  }));
  const usage = {
    inputTokens: 100,
    outputTokens: 10,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
  return {
    message: { role: 'assistant', content: text === null ? calls : [{ type: 'text', text }] },
    finishReason: text === null ? 'tool-calls' : 'stop',
    usage,
    modelId: null,
    responseId: nonce,
  };
}

const scout = new Agent({ role: 'scout', goal: 'See', llm: model, tools: [look] });
const survey = new Task({
  name: 'survey',
  description: 'Survey {port}',
  expectedOutput: 'A list',
  agent: scout,
});
const report = new Task({ name: 'report', description: 'Report', expectedOutput: 'A text', agent: scout });

export const relay: Crew = new Crew({
  name: 'relay',
  agents: [scout],
  tasks: [survey, report],
  ref: crewRef({ name: 'relay', module: import.meta.url, export: 'relay' }),
});

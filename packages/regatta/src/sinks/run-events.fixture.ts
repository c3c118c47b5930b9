/** The events of one run with a task, an agent, two model calls, a tool and a retry. */
import type { EventBody, RunEvent } from '../protocol/event.ts';
import type { ErrorData } from '../protocol/output.ts';
import { NO_USAGE, type UsageReport } from '../protocol/usage.ts';

export const RUN_ID = '01935f3c-7a10-7000-8000-0123456789ab';
export const START = 1_800_000_000_000;

const BROKEN: ErrorData = { code: 'tool/failed', message: 'It broke.', details: null };
const BOOM: ErrorData = { code: 'model/overloaded', message: 'Busy.', details: null };

const TOTALS = {
  calls: 2,
  attempts: 3,
  inputTokens: 20,
  outputTokens: 5,
  totalTokens: 25,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costUsd: 0.00125,
  estimated: 0,
};
const REPORT: UsageReport = { ...TOTALS, byTask: {}, byAgent: {}, byModel: {} };

const model = 'openai/gpt-4o-mini';
const USAGE = { ...NO_USAGE, inputTokens: 10, outputTokens: 3, cachedInputTokens: 4, reasoningTokens: 1 };
const answered = { type: 'model.end', model, usage: USAGE, costUsd: 0.0005, error: null } as const;

type Step = readonly [place: string, body: EventBody];

function stepsOf(fails: boolean): readonly Step[] {
  const error = fails ? BROKEN : null;
  return [
    ['', { type: 'run.start', name: 'news', engine: 'local', inputs: { topic: 'secret topic' } }],
    ['/report', { type: 'task.start', task: 'report', agent: 'writer', description: 'secret task' }],
    ['/report/agent', { type: 'agent.start', agent: 'writer', model, tools: ['search'] }],
    [
      '/report/agent/turn-0',
      {
        type: 'model.start',
        model,
        messages: [
          { role: 'system', content: 'secret rules' },
          { role: 'user', content: 'secret question' },
        ],
        tools: ['search'],
        parameters: { temperature: 1, maxTokens: 50, stop: ['END'] },
        stream: false,
      },
    ],
    ['/report/agent/turn-0', { type: 'model.retry', attempt: 1, delayMs: 5, model, error: BOOM }],
    [
      '/report/agent/turn-0',
      {
        ...answered,
        message: {
          role: 'assistant',
          content: [{ type: 'tool-call', callId: 'c1', tool: 'search', args: { q: 'secret' } }],
        },
        finishReason: 'tool-calls',
        attempts: 2,
      },
    ],
    [
      '/report/agent/turn-0/tool-0',
      { type: 'tool.start', tool: 'search', callId: 'c1', args: { q: 'secret' } },
    ],
    [
      '/report/agent/turn-0/tool-0',
      { type: 'tool.end', tool: 'search', callId: 'c1', result: 'secret result', error },
    ],
    [
      '/report/agent/turn-1',
      {
        type: 'model.start',
        model,
        messages: [{ role: 'tool', callId: 'c1', tool: 'search', content: 'secret result', isError: false }],
        tools: [],
        parameters: {},
        stream: false,
      },
    ],
    [
      '/report/agent/turn-1',
      {
        ...answered,
        message: { role: 'assistant', content: [{ type: 'text', text: 'secret answer' }] },
        finishReason: 'stop',
        attempts: 1,
      },
    ],
    ['/report/agent', { type: 'agent.end', agent: 'writer', calls: 2, text: 'secret answer', error: null }],
    [
      '/report',
      {
        type: 'task.end',
        task: 'report',
        status: 'done',
        text: 'secret answer',
        parsed: null,
        error: null,
        because: null,
      },
    ],
    [
      '',
      { type: 'run.end', status: 'succeeded', output: { text: 'secret answer' }, error: null, usage: REPORT },
    ],
  ];
}

/** 10 ms apart. With `fails` the tool fails, and nothing else. */
export function runEvents({
  runId = RUN_ID,
  fails = false,
}: {
  readonly runId?: string;
  readonly fails?: boolean;
} = {}): readonly RunEvent[] {
  return stepsOf(fails).map(([place, body], seq) => {
    const spanId = `${runId}${place}`;
    const above = place.startsWith('/report/agent/')
      ? '/report/agent'
      : place.slice(0, Math.max(place.lastIndexOf('/'), 0));
    const parentId = place === '' ? null : `${runId}${above}`;
    return Object.freeze({
      task: null,
      agent: null,
      ...body,
      id: `${spanId}:${body.type}`,
      runId,
      seq,
      spanId,
      parentId,
      time: START + 10 * seq,
    });
  });
}

/** Events of one call, as a run would give them, with the facts of the golden files. */
import type { EventBody, FinishReason, ModelEnd, RunEvent } from '../../protocol/event.ts';
import type { AssistantMessage, Message } from '../../protocol/message.ts';
import type { ErrorData } from '../../protocol/output.ts';
import { NO_USAGE, type Usage } from '../../protocol/usage.ts';

export const RUN_ID = '01935f3c-7a10-7000-8000-0123456789ab';
export const CALL_ID: string = `${RUN_ID}/report/agent/turn-0`;
const AGENT_ID = `${RUN_ID}/report/agent`;
const TASK_ID = `${RUN_ID}/report`;
export const START = 1_800_000_000_000;

export const USAGE: Usage = {
  inputTokens: 12,
  outputTokens: 3,
  cachedInputTokens: 4,
  cacheWriteTokens: null,
  reasoningTokens: 1,
};

export const UNAUTHORIZED: ErrorData = {
  code: 'model/authentication',
  message: 'litellm.AuthenticationError: AuthenticationError: OpenAIException - bad key',
  details: { model: 'openai/gpt-4o-mini', status: 401, retryable: false },
};

/** Stamps bodies of the call's span, 10 ms apart. */
export function callEvents(bodies: readonly EventBody[]): readonly RunEvent[] {
  const around = (spanId: string, parentId: string | null, body: EventBody, time: number): RunEvent =>
    Object.freeze({
      task: null,
      agent: null,
      ...body,
      id: `${spanId}:${body.type}-${time}`,
      runId: RUN_ID,
      seq: time - START,
      spanId,
      parentId,
      time,
    });
  const end = START + 10 * bodies.length;
  const task = { task: 'report', agent: 'writer' };
  return [
    around(TASK_ID, RUN_ID, { type: 'task.start', ...task, description: 'Report' }, START),
    around(
      AGENT_ID,
      TASK_ID,
      { type: 'agent.start', agent: 'writer', model: 'openai/gpt-4o-mini', tools: [] },
      START,
    ),
    ...bodies.map((body, index) => around(CALL_ID, AGENT_ID, body, START + 10 * index)),
    around(
      AGENT_ID,
      TASK_ID,
      { type: 'agent.end', agent: 'writer', calls: 1, text: 'Hello', error: null },
      end,
    ),
    around(
      TASK_ID,
      RUN_ID,
      {
        type: 'task.end',
        task: 'report',
        status: 'done',
        text: 'Hello',
        parsed: null,
        error: null,
        because: null,
      },
      end,
    ),
  ];
}

export function startOf(
  text: string,
  options: {
    readonly tools?: readonly string[];
    readonly stream?: boolean;
    readonly parameters?: Record<string, number>;
  } = {},
): EventBody {
  const { tools = [], stream = false, parameters = {} } = options;
  const messages: readonly Message[] = [
    { role: 'system', content: 'be brief' },
    { role: 'user', content: text },
  ];
  return { type: 'model.start', model: 'openai/gpt-4o-mini', messages, tools, parameters, stream };
}

export function endOf(content: AssistantMessage['content'], finishReason: FinishReason = 'stop'): ModelEnd {
  return {
    type: 'model.end',
    model: 'openai/gpt-4o-mini',
    message: { role: 'assistant', content },
    finishReason,
    usage: USAGE,
    costUsd: 3.2999999999999997e-6,
    attempts: 1,
    error: null,
  };
}

export const HELLO: ModelEnd = endOf([{ type: 'text', text: 'Hello' }]);

export const FAILED: ModelEnd = {
  ...HELLO,
  message: null,
  finishReason: null,
  usage: NO_USAGE,
  costUsd: null,
  error: UNAUTHORIZED,
};

/**
 * A crew whose every use of the outside is logged by where it stands, and a checker of what several
 * lives of one run may do together.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  Agent,
  Crew,
  defineTool,
  type LedgerEntry,
  LLM,
  type Model,
  type ModelReply,
  type StepRecord,
  Task,
  type Tool,
  type ToolContext,
} from '../index.ts';
import { callModel } from '../model/call-model.ts';
import { textOf } from '../protocol/message.ts';

/** Hears of each use of the outside, when it is made: the span that makes it. */
export type Log = (spanId: string, what: 'model' | 'tool') => void;

export interface HarbourOptions {
  readonly log: Log;
  /** Waits before an answer is given. @default not at all */
  readonly pace?: (spanId: string) => Promise<unknown>;
  /** @default a text that tells the crew again */
  readonly goal?: string;
  readonly sideEffect?: boolean;
}

const SPOTS = ['pier', 'buoy', 'mole'];
const advice = { name: 'advice', args: { spot: 'fog' } };

/** Two tasks: one with four tools at once, of which one asks a model by itself, and one that reads it. */
export function harbour({
  log,
  pace = async () => undefined,
  goal,
  sideEffect = false,
}: HarbourOptions): Crew {
  const llm = harbourModel({ log, pace });
  const definition = new LLM({ model: llm });
  const look = defineTool({
    name: 'look',
    description: 'Looks at a spot.',
    input: z.object({ spot: z.string() }),
    execute: async ({ spot }, { idempotencyKey }: ToolContext) => {
      log(idempotencyKey, 'tool');
      await pace(idempotencyKey);
      if (spot === 'mole') throw new Error('fog at the mole');
      return `saw ${spot}`;
    },
  });
  const book = defineTool({
    name: 'book',
    description: 'Books a berth.',
    input: z.object({ berth: z.string() }),
    sideEffect,
    execute: async ({ berth }, { idempotencyKey }: ToolContext) => {
      log(idempotencyKey, 'tool');
      await pace(idempotencyKey);
      return `booked ${berth}`;
    },
  });
  const ask: Tool = Object.freeze({
    ...defineTool({
      name: 'advice',
      description: 'Asks a model.',
      input: z.object({ spot: z.string() }),
      execute: () => '',
    }),
    async work(_args, context) {
      const call = context.child('advice');
      const request = { messages: [], tools: [], toolChoice: 'none', output: null } as const;
      return textOf((await callModel(context.resolveModel(definition, 'advice'), request, call)).message);
    },
  } satisfies Tool);
  const pilot = new Agent({
    role: 'pilot',
    goal: goal ?? 'Bring ships in',
    llm,
    tools: [look, book, ask],
  });
  const survey = new Task({
    name: 'survey',
    description: 'Survey {port}',
    expectedOutput: 'A list',
    agent: pilot,
  });
  const report = new Task({ name: 'report', description: 'Report', expectedOutput: 'A text', agent: pilot });
  return new Crew({ name: 'harbour', agents: [pilot], tasks: [survey, report] });
}

/** Answers by where it is asked, and by what it is told: the same in every life of a run. */
function harbourModel({ log, pace }: Required<Pick<HarbourOptions, 'log' | 'pace'>>): Model {
  return {
    id: 'harbour/model',
    price: { inputUsdPerMillion: 1, outputUsdPerMillion: 1 },
    async call({ messages, attempt }, { span }) {
      log(`${span.id}#${attempt}`, 'model');
      await pace(span.id);
      const results = messages.flatMap((message) => (message.role === 'tool' ? [message.content] : []));
      const [, task] = span.id.split('/');
      if (span.id.endsWith('/advice'))
        return reply({ text: `advice of ${span.id.split('/').slice(1).join('.')}` });
      if (results.length > 0) return reply({ text: `${task}: ${results.join(', ')}` });
      const looks = SPOTS.map((spot) => ({ name: 'look', args: { spot } }));
      return reply({
        calls: task === 'survey' ? [...looks, advice] : [{ name: 'book', args: { berth: 'four' } }],
      });
    },
  };
}

interface Given {
  readonly text?: string;
  readonly calls?: readonly { readonly name: string; readonly args: Record<string, string> }[];
}

function reply({ text, calls = [] }: Given): ModelReply {
  const asked = calls.map(({ name, args }, index) => ({
    type: 'tool-call' as const,
    callId: `call-${index}`,
    tool: name,
    args,
  }));
  const content = [...(text === undefined ? [] : [{ type: 'text' as const, text }]), ...asked];
  const usage = {
    inputTokens: 100,
    outputTokens: 10,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
  return {
    message: { role: 'assistant', content },
    finishReason: calls.length > 0 ? 'tool-calls' : 'stop',
    usage,
    modelId: null,
    responseId: null,
  };
}

/** Waits differently for each span: later ones answer first. */
export function reversed(stepMs: number): (spanId: string) => Promise<unknown> {
  return (spanId) =>
    sleep(spanId.includes('tool-') ? (4 - Number(spanId.at(spanId.indexOf('tool-') + 5))) * stepMs : 0);
}

/** One life of a run: what was recorded when it began, and what it did. */
export interface Life {
  /** Of its hold on the run. One that died before it had it leaves its number to the next. */
  readonly epoch: number;
  readonly known: readonly string[];
  /** As logged, without the run's id. */
  readonly uses: readonly { readonly place: string; readonly what: 'model' | 'tool' }[];
}

/** What is wrong with the lives of one run together, given its ledger and records after the last one. */
export function checkLives(
  lives: readonly Life[],
  { ledger, records }: { readonly ledger: readonly LedgerEntry[]; readonly records: readonly StepRecord[] },
): readonly string[] {
  const findings: string[] = [];
  for (const { epoch, known, uses } of lives) {
    const recorded = new Set(known);
    for (const { place, what } of uses) {
      const key = `${place.replace(/#.*/, '')}:${what}`;
      if (recorded.has(key)) findings.push(`life ${epoch} did ${key} again, which was recorded`);
    }
  }
  // A server's own account: each request by call, attempt and life.
  const requests = lives.flatMap(({ epoch, uses }) =>
    uses.flatMap(({ place, what }) =>
      what === 'model' ? [place.replace('#', epoch === 1 ? '#' : `#${epoch}.`)] : [],
    ),
  );
  if (new Set(requests).size !== requests.length) findings.push('an attempt was made twice');
  const billed = new Map(
    ledger.map((entry) => [entry.attemptId.slice(entry.runId.length + 1), entry.status]),
  );
  for (const request of requests)
    if (!billed.has(request)) findings.push(`request ${request} is not in the ledger`);
  for (const [attempt, status] of billed)
    if (status !== 'lost' && !requests.includes(attempt))
      findings.push(`${attempt} is billed and was never made`);
  const calls = records.filter(({ key }) => key.endsWith(':model')).length;
  const settled = ledger.filter(({ status }) => status === 'succeeded').length;
  if (settled < calls) findings.push(`${calls} replies are recorded, and ${settled} attempts are settled`);
  const keys = records.map(({ key }) => key);
  if (new Set(keys).size !== keys.length) findings.push('a key has two records');
  return findings;
}

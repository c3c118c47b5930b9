/**
 * Recorded conversations through whole crews: the agent's loop calls the recorded tools, which answer
 * as they did then, and ends with the recorded answer.
 *
 * `REGATTA_RECORDINGS` names a folder with more recordings (`public/`).
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Agent, Crew, createRuntime, defineTool, LLM, type RunEvent, Task } from '../index.ts';
import { readExchange, routeOf } from '../models/fixtures/drive.fixture.ts';
import { byEvent, recordedFetch } from '../models/fixtures/recorded-fetch.fixture.ts';
import { DIALECTS } from '../models/fixtures/recorded-request.fixture.ts';
import { type Exchange, readScenarios, type Scenario } from '../models/fixtures/recording.fixture.ts';
import { checkTrace } from '../testing/index.ts';

const folder = process.env.REGATTA_RECORDINGS;
const scenarios = readScenarios(
  folder ? join(folder, 'public') : join(import.meta.dirname, '../models/fixtures/recordings'),
);

/** One agent's conversation: every answer but the last asks for tools, the last one is text. */
function isConversation({ exchanges }: Scenario): boolean {
  const [first] = exchanges;
  const last = exchanges.at(-1);
  return exchanges.every((exchange, index) => {
    const { dialect, expected, provider } = exchange;
    const calls = expected.toolCalls?.length ?? 0;
    return (
      DIALECTS.includes(dialect) &&
      provider !== 'bedrock' &&
      expected.kind === 'generation' &&
      !expected.error &&
      !expected.refusal &&
      dialect === first?.dialect &&
      expected.stream === first.expected.stream &&
      (exchange === last ? calls === 0 && (expected.text ?? '').trim() !== '' : calls > 0) &&
      (index === 0 || belongsTo(exchanges[index - 1] as Exchange, exchange))
    );
  });
}

/** Whether `next` answers the calls of `before`: else they are two conversations in one file. */
function belongsTo(before: Exchange, next: Exchange): boolean {
  const answered = readExchange(next).messages.flatMap((message) =>
    message.role === 'tool' ? [message.tool] : [],
  );
  return (before.expected.toolCalls ?? []).every(({ name }) => answered.includes(name));
}

/** The recorded results of each tool, in order. */
function resultsOf({ exchanges }: Scenario): Map<string, string[]> {
  const results = new Map<string, string[]>();
  for (const message of readExchange(exchanges.at(-1) as Exchange).messages) {
    if (message.role === 'tool')
      results.set(message.tool, [...(results.get(message.tool) ?? []), message.content]);
  }
  return results;
}

async function play(scenario: Scenario) {
  const first = scenario.exchanges[0] as Exchange; // a conversation has one
  const { name, api, path, env = {} } = routeOf(first);
  const { modelId, messages } = readExchange(first);
  // Some conversations offer a tool only later on: here all are there from the start.
  const offered = scenario.exchanges.flatMap((exchange) => readExchange(exchange).tools);
  const specs = [...new Map(offered.map((spec) => [spec.name, spec])).values()];
  const results = resultsOf(scenario);
  const tools = specs.map(({ name: tool, description, inputSchema }) =>
    defineTool({
      name: tool,
      description: description || tool,
      input: { ...inputSchema, type: 'object' },
      execute: () => results.get(tool)?.shift() ?? 'not recorded',
    }),
  );
  const llm = new LLM({
    model: `${name}/${modelId}`,
    baseURL: `http://127.0.0.1:1${path}`,
    apiKey: 'test-key',
    ...(api ? { api } : {}),
    fetch: recordedFetch(scenario.exchanges, { split: byEvent }),
  });
  const agent = new Agent({ role: 'Assistant', goal: 'Answer', llm, tools });
  const asked = JSON.stringify(messages.filter(({ role }) => role === 'user')).replaceAll('{', '(');
  const task = new Task({ description: asked.slice(0, 2000), expectedOutput: 'An answer', agent });
  const events: RunEvent[] = [];
  const run = createRuntime({ env }).start(new Crew({ agents: [agent], tasks: [task] }), {
    stream: first.expected.stream,
    callbacks: [(event: RunEvent) => void events.push(event)],
  });
  const output = await run.result;
  const audit = await run.flush();
  return { output, events, run, audit };
}

const conversations = [...scenarios.values()].filter(isConversation);

test('there are conversations of every vendor, with tools and without, streamed and not', () => {
  const kinds = conversations.map(({ exchanges }) => exchanges[0] as Exchange);
  expect(new Set(kinds.map(({ dialect }) => dialect)).size).toBeGreaterThanOrEqual(3);
  expect(kinds.some(({ expected }) => expected.stream)).toBe(true);
  expect(conversations.some(({ exchanges }) => exchanges.length > 1)).toBe(true);
  console.log(
    `recorded crews: ${conversations.length} conversations, ${conversations.reduce((sum, { exchanges }) => sum + exchanges.length, 0)} answers`,
  );
});

test.each(conversations.map((scenario) => [scenario.name, scenario] as const))(
  'a crew has the conversation %s',
  async (_, scenario) => {
    const { output, events, run, audit } = await play(scenario);
    const expected = scenario.exchanges.map((exchange) => exchange.expected);
    expect(output.text).toBe(expected.at(-1)?.text);
    const called = events.flatMap((event) => (event.type === 'tool.start' ? [event.tool] : []));
    expect(called).toEqual(expected.flatMap(({ toolCalls = [] }) => toolCalls.map(({ name }) => name)));
    const failed = events.flatMap((event) =>
      event.type === 'tool.end' && event.error ? [event.result] : [],
    );
    expect(failed).toEqual([]);
    const sum = (pick: (usage: NonNullable<Exchange['expected']['usage']>) => number | null): number =>
      expected.reduce((all, { usage }) => all + (usage ? (pick(usage) ?? 0) : 0), 0);
    expect([output.usage.inputTokens, output.usage.outputTokens]).toEqual([
      sum(({ input }) => input),
      sum(({ output: out }) => out),
    ]);
    expect(output.usage.calls).toBe(expected.length);
    expect(checkTrace(events, { ledger: run.ledger, audit })).toEqual([]);
  },
);

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
import type { Env } from '../ports/provider.ts';
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
function resultsOf(played: readonly Scenario[]): Map<string, string[]> {
  const results = new Map<string, string[]>();
  for (const { exchanges } of played) {
    for (const message of readExchange(exchanges.at(-1) as Exchange).messages) {
      if (message.role === 'tool')
        results.set(message.tool, [...(results.get(message.tool) ?? []), message.content]);
    }
  }
  return results;
}

/** An agent that gets the answers of these conversations, one after the other, and has all their tools. */
function agentOf(role: string, ...played: readonly Scenario[]): Agent {
  const exchanges = played.flatMap((scenario) => scenario.exchanges);
  const first = exchanges[0] as Exchange; // a conversation has one
  const { name, api, path } = routeOf(first);
  const { modelId } = readExchange(first);
  // Some conversations offer a tool only later on: here all are there from the start.
  const offered = exchanges.flatMap((exchange) => readExchange(exchange).tools);
  const specs = [...new Map(offered.map((spec) => [spec.name, spec])).values()];
  const results = resultsOf(played);
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
    fetch: recordedFetch(exchanges, { split: byEvent }),
  });
  return new Agent({ role, goal: 'Answer', llm, tools });
}

/** What was asked when it was recorded. */
function questionOf({ exchanges }: Scenario): string {
  const { messages } = readExchange(exchanges[0] as Exchange);
  const asked = JSON.stringify(messages.filter(({ role }) => role === 'user')).replaceAll('{', '(');
  return asked.slice(0, 2000);
}

/** A whole run. Its env is that of all that it plays. */
async function play(crew: Crew, played: readonly Scenario[]) {
  const exchanges = played.flatMap((scenario) => scenario.exchanges);
  const env = Object.assign({}, ...exchanges.map((exchange) => routeOf(exchange).env ?? {})) as Env;
  const events: RunEvent[] = [];
  const run = createRuntime({ env }).start(crew, {
    stream: exchanges[0]?.expected.stream ?? false,
    callbacks: [(event: RunEvent) => void events.push(event)],
  });
  const output = await run.result;
  const audit = await run.flush();
  return { output, events, run, audit };
}

type Played = Awaited<ReturnType<typeof play>>;

/** Tools, tokens and calls are those of the recordings, and the trace is whole. */
function expectRecorded({ output, events, run, audit }: Played, played: readonly Scenario[]): void {
  const expected = played.flatMap(({ exchanges }) => exchanges.map((exchange) => exchange.expected));
  const failed = events.flatMap((event) => (event.type === 'tool.end' && event.error ? [event.result] : []));
  expect(failed).toEqual([]);
  const sum = (pick: (usage: NonNullable<Exchange['expected']['usage']>) => number | null): number =>
    expected.reduce((all, { usage }) => all + (usage ? (pick(usage) ?? 0) : 0), 0);
  expect([output.usage.inputTokens, output.usage.outputTokens]).toEqual([
    sum(({ input }) => input),
    sum(({ output: out }) => out),
  ]);
  expect(output.usage.calls).toBe(expected.length);
  expect(checkTrace(events, { ledger: run.ledger, audit })).toEqual([]);
}

const textOf = ({ exchanges }: Scenario) => exchanges.at(-1)?.expected.text;
const toolsOf = ({ exchanges }: Scenario) =>
  exchanges.flatMap(({ expected: { toolCalls = [] } }) => toolCalls.map(({ name }) => name));

/** Tools that a task used, in order. */
const usedBy = (events: readonly RunEvent[], task: string) =>
  events.flatMap((event) => (event.type === 'tool.start' && event.task === task ? [event.tool] : []));

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
    const agent = agentOf('Assistant', scenario);
    const task = new Task({ description: questionOf(scenario), expectedOutput: 'An answer', agent });
    const played = await play(new Crew({ agents: [agent], tasks: [task] }), [scenario]);
    expect(played.output.text).toBe(textOf(scenario));
    expect(usedBy(played.events, 'task-1')).toEqual(toolsOf(scenario));
    expectRecorded(played, [scenario]);
  },
);

const streamOf = ({ exchanges }: Scenario) => exchanges[0]?.expected.stream ?? false;

test.each([[true], [false]])(
  'conversations of several vendors are tasks of one graph, and a last one reads them all (streamed: %s)',
  async (stream) => {
    const all = conversations.filter((scenario) => streamOf(scenario) === stream).slice(0, 6);
    expect(all.length).toBeGreaterThan(2);
    const agents = all.map((scenario, index) => agentOf(`Assistant ${index}`, scenario));
    const beside = all.slice(0, -1).map(
      (scenario, index) =>
        new Task({
          name: `t${index}`,
          description: questionOf(scenario),
          expectedOutput: 'An answer',
          agent: agents[index]!,
          context: [],
        }),
    );
    const last = new Task({
      name: `t${beside.length}`,
      description: questionOf(all.at(-1)!),
      expectedOutput: 'An answer',
      agent: agents.at(-1)!,
      context: beside,
    });
    const played = await play(new Crew({ agents, tasks: [...beside, last], process: 'graph' }), all);
    expect(played.output.tasks.map(({ text }) => text)).toEqual(all.map(textOf));
    for (const [index, scenario] of all.entries())
      expect(usedBy(played.events, `t${index}`)).toEqual(toolsOf(scenario));
    expectRecorded(played, all);
    const told = played.events.find((event) => event.type === 'model.start' && event.task === last.name);
    const prompt = JSON.stringify(told);
    for (const scenario of all.slice(0, -1))
      expect(prompt).toContain(JSON.stringify(textOf(scenario)).slice(1, -1).slice(0, 40));
  },
);

/** Two conversations that one LLM can have, the first of which ends in an answer that is sent back. */
const pairs = [...Map.groupBy(conversations, kindOf).values()].flatMap(([one, other]) =>
  one && other ? [[one.name, other.name, one, other] as const] : [],
);

function kindOf({ exchanges }: Scenario): string {
  const first = exchanges[0] as Exchange; // a conversation has one
  return JSON.stringify([routeOf(first), readExchange(first).modelId, first.expected.stream]);
}

test.skipIf(pairs.length === 0).each(pairs)(
  'a guardrail sends the answer of %s back, and the agent goes on with %s',
  async (_, __, one, other) => {
    const agent = agentOf('Assistant', one, other);
    const seen: string[] = [];
    const task = new Task({
      name: 'guarded',
      description: questionOf(one),
      expectedOutput: 'An answer',
      agent,
      guardrails: [
        ({ text }) => {
          seen.push(text);
          return seen.length === 1 ? { accepted: false, feedback: 'Say it anew.' } : { accepted: true };
        },
      ],
    });
    const played = await play(new Crew({ agents: [agent], tasks: [task] }), [one, other]);
    expect(seen).toEqual([textOf(one), textOf(other)]);
    expect(played.output.text).toBe(textOf(other));
    expect(usedBy(played.events, 'guarded')).toEqual([...toolsOf(one), ...toolsOf(other)]);
    expectRecorded(played, [one, other]);
    const prompts = played.events.flatMap((event) => (event.type === 'model.start' ? [event.messages] : []));
    expect(JSON.stringify(prompts[one.exchanges.length])).toContain('Say it anew.');
  },
);

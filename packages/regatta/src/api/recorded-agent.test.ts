/** Recorded answers of providers to agents: a prompt that is too long, and a model that refuses stop sequences. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, createRuntime, defineTool, LLM, type Message, type RunEvent } from '../index.ts';
import { recordedFetch } from '../models/fixtures/recorded-fetch.fixture.ts';
import { type Exchange, readScenarios } from '../models/fixtures/recording.fixture.ts';
import { checkTrace } from '../testing/index.ts';

const scenarios = readScenarios(join(import.meta.dirname, '../models/fixtures/recordings'));
const exchangesOf = (name: string): readonly Exchange[] => scenarios.get(name)!.exchanges;
const [refused] = exchangesOf('openai.err-context-length') as [Exchange];
const [, hello] = exchangesOf('openai.err-429-then-ok') as [Exchange, Exchange];

function llmOf(model: string, exchanges: readonly Exchange[]) {
  const bodies: string[] = [];
  const answer = recordedFetch(exchanges);
  const fetch: typeof globalThis.fetch = async (url, init) => {
    bodies.push(String(init?.body));
    return await answer(url, init);
  };
  const options = { baseURL: 'http://127.0.0.1:1/v1', apiKey: 'test-key', api: 'chat', fetch } as const;
  return { llm: new LLM({ model, ...options }), bodies };
}

async function eventsOf(run: { events(): AsyncIterable<{ readonly type: string }> }): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) if (event.type !== 'events.gap') events.push(event as RunEvent);
  return events;
}

/** Long, and by our count not too long for a window of 128,000: the provider sees it otherwise. */
const history: readonly Message[] = [
  ...Array.from({ length: 20 }, (_, at): readonly Message[] => [
    { role: 'user', content: `Question ${at}: ${'what of the wind? '.repeat(100)}` },
    { role: 'assistant', content: [{ type: 'text', text: `Answer ${at}: ${'it blows. '.repeat(100)}` }] },
  ]).flat(),
  { role: 'user', content: 'Say hello.' },
];

test('a prompt that OpenAI refused as too long is made shorter and sent again, and both are in the ledger', async () => {
  const { llm, bodies } = llmOf('openai/gpt-4o-mini', [refused, hello, hello, hello]);
  const agent = new Agent({ role: 'Host', goal: 'Greet', llm });
  await using runtime = createRuntime();
  const run = agent.start(history, { runtime });
  expect((await run.result).text).toBe('Hello!');
  const events = await eventsOf(run);
  expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
  const [trim] = events.filter((event) => event.type === 'context.trim');
  expect(trim).toMatchObject({ because: 'provider', isExact: true, summarised: 40 });
  expect(run.ledger.map(({ status }) => status)).toEqual(['failed', 'succeeded', 'succeeded', 'succeeded']);
  const last = JSON.parse(bodies[3]!).messages as readonly { role: string; content: string }[];
  expect(last.map(({ role }) => role)).toEqual(['system', 'user', 'user']);
  expect(last[1]!.content).toMatch(/^Summary of earlier parts[\s\S]*Hello!$/); // the recorded answer to whoever summed up
  expect(last[2]!.content).toBe('Say hello.');
});

test('an agent that does not respect the window gets what OpenAI said', async () => {
  const { llm } = llmOf('openai/gpt-4o-mini', [refused]);
  const agent = new Agent({ role: 'Host', goal: 'Greet', llm, respectContextWindow: false });
  await expect(agent.kickoff(history)).rejects.toMatchObject({ code: 'model/context-length' });
});

test('a model that refuses stop sequences may still call tools in text', async () => {
  const exchanges = exchangesOf('openai.call-when-stop-is-unsupported');
  const { llm, bodies } = llmOf('openai/o1-mini', exchanges);
  const tool = defineTool({ name: 'map', description: 'A map.', input: z.object({}), execute: () => 'x' });
  const agent = new Agent({ role: 'Guide', goal: 'Know', llm, tools: [tool], toolProtocol: 'text' });
  const { text } = await agent.kickoff('What is the capital of France?');
  expect(text).toBe('The capital of France is **Paris**.');
  const sent = bodies.map((body) => JSON.parse(body));
  expect(sent.map(({ stop }) => stop)).toEqual([['\nObservation:'], undefined]);
  expect(sent.map(({ tools }) => tools)).toEqual([undefined, undefined]);
  expect(JSON.stringify(sent[1].messages)).toContain('- map: A map.');
});

/** What users of crewAI rely on, or stumble over there. docs/crewai-parity.md names these tests. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, Crew, createRuntime, defineTool, Task } from '../index.ts';
import { type ScriptedModel, scriptedModel } from '../testing/index.ts';
import { json, played, traced } from '../testing/played.fixture.ts';

const taskOf = (agent: Agent, more: object = {}) =>
  new Task({ description: 'Do it', expectedOutput: 'Done', agent, ...more });

const promptOf = ({ requests }: ScriptedModel, index: number): string =>
  String(requests[index]!.messages.find(({ role }) => role === 'user')!.content);

const tool = (name: string) =>
  defineTool({ name, description: 'A tool.', input: z.object({}), execute: () => `by ${name}` });

test('role, backstory and goal are the system message, and what is in braces is filled in', async () => {
  const llm = scriptedModel(['Aye.']);
  const agent = new Agent({ role: '{port} pilot', goal: 'Know {port}', backstory: 'Born in {port}.', llm });
  await new Crew({ agents: [agent], tasks: [taskOf(agent)] }).kickoff({ inputs: { port: 'Kiel' } });
  expect(llm.requests[0]!.messages[0]).toEqual({
    role: 'system',
    content: 'You are Kiel pilot. Born in Kiel.\nYour goal: Know Kiel',
  });
});

test('an agent asks its own llm, else that of the crew, else that of the runtime', async () => {
  const [own, crews, runtimes] = ['own', 'crew', 'runtime'].map((name) =>
    scriptedModel([name], { loop: true }),
  );
  const made = new Agent({ role: 'One', goal: 'g', llm: own! });
  const bare = new Agent({ role: 'Other', goal: 'g' });
  const tasks = [taskOf(made), taskOf(bare)];
  await using runtime = createRuntime({ llm: runtimes! });
  const agents = [made, bare];
  const both = await runtime.run(new Crew({ agents, tasks, llm: crews! }));
  const less = await runtime.run(new Crew({ agents, tasks }));
  expect(both.tasks.map(({ text }) => text)).toEqual(['own', 'crew']);
  expect(less.tasks.map(({ text }) => text)).toEqual(['own', 'runtime']);
  await using empty = createRuntime();
  await expect(empty.run(new Crew({ agents: [bare], tasks: [taskOf(bare)] }))).rejects.toMatchObject({
    code: 'llm/missing',
  });
});

test('the tools of a task take the place of those of its agent', async () => {
  const llm = scriptedModel(['a', 'b', 'c']);
  const agent = new Agent({ role: 'r', goal: 'g', llm, tools: [tool('mine')] });
  const tasks = [taskOf(agent), taskOf(agent, { tools: [tool('own')] }), taskOf(agent, { tools: [] })];
  await new Crew({ agents: [agent], tasks }).kickoff();
  expect(llm.requests.map(({ tools }) => tools.map(({ name }) => name))).toEqual([['mine'], ['own'], []]);
});

test('a task is told what all before it gave, or those that it names, or nothing', async () => {
  const llm = scriptedModel(['one!', 'two!', 'three!', 'four!', 'five!']);
  const agent = new Agent({ role: 'r', goal: 'g', llm });
  const first = taskOf(agent, { name: 'first' });
  const tasks = [
    first,
    taskOf(agent, { name: 'second' }),
    taskOf(agent, { name: 'all' }),
    taskOf(agent, { name: 'named', context: [first] }),
    taskOf(agent, { name: 'none', context: [] }),
  ];
  await new Crew({ agents: [agent], tasks }).kickoff();
  const told = [2, 3, 4].map((index) => promptOf(llm, index).match(/\w+!/g));
  expect(told).toEqual([['one!', 'two!'], ['one!'], null]);
});

test('tools are used first, and then the answer has its shape: neither keeps the other out (crewAI #5472)', async () => {
  const llm = scriptedModel([{ toolCalls: [{ tool: 'sound', args: {} }] }, '{"metres":7}']);
  const agent = new Agent({ role: 'r', goal: 'g', llm, tools: [tool('sound')] });
  const task = taskOf(agent, { output: z.object({ metres: z.number() }) });
  const { parsed } = await new Crew({ agents: [agent], tasks: [task] }).kickoff();
  expect(parsed).toEqual({ metres: 7 });
  expect(llm.requests[0]!.tools.map(({ name }) => name)).toEqual(['sound']);
  expect(JSON.stringify(llm.requests[1]!.messages)).toContain('by sound');
});

test('two tasks of the same words, and two agents of one role, are told apart', async () => {
  const [one, other] = ['by one', 'by other'].map((text) => {
    return new Agent({ role: 'Writer', goal: 'Write', llm: scriptedModel([text], { loop: true }) });
  });
  const tasks = [taskOf(one!), taskOf(other!), taskOf(one!)];
  const { tasks: given } = await new Crew({ agents: [one!, other!], tasks }).kickoff();
  expect(given.map(({ task, text }) => [task, text])).toEqual([
    ['task-1', 'by one'],
    ['task-2', 'by other'],
    ['task-3', 'by one'],
  ]);
});

test('a crew that is kicked off again begins anew: no plan, count or answer of the run before is in it', async () => {
  const llm = played({
    Planner: () => json({ plans: { work: 'Step by step.' } }),
    Mate: ({ results, all }) => {
      if (results.length === 0) return { toolCalls: [{ tool: 'once', args: {} }] };
      return all.includes('Say more.') ? `seen: ${results.join()}` : 'draft';
    },
  });
  const once = defineTool({
    name: 'once',
    description: 'May be used once in a run.',
    input: z.object({}),
    maxUses: 1,
    execute: () => 'used',
  });
  const agent = new Agent({ role: 'Mate', goal: 'Help', llm, tools: [once] });
  const task = taskOf(agent, {
    name: 'work',
    guardrails: [
      ({ text }: { readonly text: string }) => ({ accepted: text !== 'draft', feedback: 'Say more.' }),
    ],
    guardrailMaxRetries: 1,
  });
  const crew = new Crew({ agents: [agent], tasks: [task], planning: { llm } });
  const first = await crew.kickoff();
  const asked = llm.requests.map(({ messages }) => messages);
  const second = await crew.kickoff();
  expect([first.text, second.text]).toEqual(['seen: used', 'seen: used']);
  expect(llm.requests.slice(asked.length).map(({ messages }) => messages)).toEqual(asked);
  expect(second.usage.calls).toBe(first.usage.calls);
});

test('agents that share one LLM are billed once, each for its own calls', async () => {
  const llm = scriptedModel(['a', 'b']);
  const agents = ['One', 'Other'].map((role) => new Agent({ role, goal: 'g', llm }));
  const { usage } = await new Crew({ agents, tasks: agents.map((agent) => taskOf(agent)) }).kickoff();
  expect([usage.calls, usage.inputTokens, usage.outputTokens]).toEqual([2, 20, 10]);
  expect(Object.values(usage.byAgent).map(({ calls }) => calls)).toEqual([1, 1]);
});

test('a condition may stand on the first task, on an async one, and on all of them', async () => {
  const llm = scriptedModel(['done'], { loop: true });
  const agent = new Agent({ role: 'r', goal: 'g', llm });
  const never = { when: () => false };
  const some = [taskOf(agent, never), taskOf(agent, { ...never, async: true }), taskOf(agent)];
  const { output, findings } = await traced(new Crew({ agents: [agent], tasks: some }).start());
  expect(findings).toEqual([]);
  expect(output!.tasks.map(({ text, skipped = false }) => [text, skipped])).toEqual([
    ['', true],
    ['', true],
    ['done', false],
  ]);
  const none = await new Crew({ agents: [agent], tasks: [taskOf(agent, never)] }).kickoff();
  expect([none.text, llm.requests.length]).toEqual(['', 1]);
});

test('any number of async tasks may end a sequence, and read each other', async () => {
  const llm = scriptedModel(['a', 'b', 'c']);
  const agent = new Agent({ role: 'r', goal: 'g', llm });
  const a = taskOf(agent, { name: 'a', async: true, context: [] });
  const b = taskOf(agent, { name: 'b', async: true, context: [a] });
  const c = taskOf(agent, { name: 'c', async: true, context: [a, b] });
  const { output, findings } = await traced(new Crew({ agents: [agent], tasks: [a, b, c] }).start());
  expect(findings).toEqual([]);
  expect(output!.tasks.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
  expect(promptOf(llm, 2)).toMatch(/## a\na[\s\S]*## b\nb/);
});

test('without inputs a placeholder is an error that names it, and not a text that a model reads', async () => {
  const llm = scriptedModel(['x']);
  const agent = new Agent({ role: 'r', goal: 'Know {port}', llm });
  const crew = new Crew({
    agents: [agent],
    tasks: [taskOf(agent, { description: 'Sail to {port} by {day}' })],
  });
  await expect(crew.kickoff()).rejects.toMatchObject({ code: 'inputs/missing' });
  await expect(crew.kickoff()).rejects.toThrow(/port[\s\S]*day|day[\s\S]*port/);
  expect(llm.requests).toEqual([]);
});

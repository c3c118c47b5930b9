import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, Crew, type CrewOptions, Task } from '../index.ts';
import { createGate } from '../testing/index.ts';
import { type Asked, json, played, traced } from '../testing/played.fixture.ts';
import { label } from './answers.ts';
import type { Finished } from './team.ts';

const NAMES = ['Ann', 'Bob', 'Cid'];
const task = new Task({ name: 'name', description: 'Name the boat', expectedOutput: 'A name' });
const typed = new Task({
  name: 'depth',
  description: 'How deep?',
  expectedOutput: 'Metres',
  output: z.object({ depth: z.number(), unit: z.string() }),
});

/** A raw JSON Schema leaves keys as the model wrote them. */
const plain = new Task({
  name: 'depth',
  description: 'How deep?',
  expectedOutput: 'Metres',
  output: { type: 'object' },
});

type Part = Parameters<typeof played>[0][string];

function crewOf(parts: Readonly<Record<string, Part>>, options: Partial<CrewOptions<Task[]>> = {}) {
  const llm = played(parts);
  const agents = NAMES.map((role) => new Agent({ role, goal: 'Answer', llm }));
  const more = options.decide === undefined ? { managerLlm: llm } : {};
  const crew = new Crew({ process: 'consensus', agents, tasks: [task], ...more, ...options } as CrewOptions<
    Task[]
  >);
  return { crew, llm, agents };
}

/** Answers with `text`, and votes for what `vote` gives. */
const voter =
  (text: string, vote: (asked: Asked) => string): Part =>
  (asked) =>
    asked.text.includes('Vote for the letter') ? json({ vote: vote(asked), reason: 'Because' }) : text;

/** The letter of an answer in a ballot. */
const letterOf = (text: string) => (asked: Asked) =>
  new RegExp(`## Answer (\\w+)\\n${text}`).exec(asked.text)![1]!;

test('agents answer at once without seeing each other, and a judge picks one with a reason', async () => {
  const gates = NAMES.map(() => createGate());
  const slow = (index: number, text: string) => async () => {
    gates[index]!.open();
    await Promise.all(gates.map((gate) => gate.pass())); // nobody answers before all were asked
    return text;
  };
  const { crew, llm } = crewOf({
    Ann: slow(0, 'Petrel'),
    Bob: slow(1, 'Gannet'),
    Cid: slow(2, 'Tern'),
    Manager: (asked) => json({ choice: letterOf('Gannet')(asked), reason: 'It dives' }),
  });
  const { output, events, findings, usage } = await traced(crew.start());
  expect(findings).toEqual([]);
  expect(output?.text).toBe('Gannet');
  expect(output?.tasks[0]?.agent).toBe('Bob'); // whoever wrote it, and not whoever the task goes by
  const [start] = events.filter((event) => event.type === 'decision.start');
  const [end] = events.filter((event) => event.type === 'decision.end');
  expect(start?.type === 'decision.start' && Object.values(start.candidates).toSorted()).toEqual(NAMES);
  expect(end).toMatchObject({ reason: 'It dives', tally: null });
  expect(
    start?.type === 'decision.start' && end?.type === 'decision.end' && start.candidates[end.winner!],
  ).toBe('Bob');
  expect(Object.fromEntries(NAMES.map((name) => [name, usage.byAgent[name]?.calls]))).toEqual({
    Ann: 1,
    Bob: 1,
    Cid: 1,
  });
  expect(usage.byAgent.Manager?.calls).toBe(1);
  for (const { messages } of llm.requests.slice(0, 3))
    expect(JSON.stringify(messages)).not.toMatch(/Petrel|Gannet|Tern/);
  expect(JSON.stringify(llm.requests.at(-1)!.messages)).not.toMatch(/Ann|Bob|Cid/);
});

test('a judge may merge, in the shape of the task', async () => {
  const say = (depth: number) => () => json({ depth, unit: 'm' });
  const { crew } = crewOf(
    {
      Ann: say(3),
      Bob: say(5),
      Cid: say(4),
      Manager: ({ text }) =>
        text.includes('Choose the letter')
          ? json({ choice: 'merge', reason: 'The mean' })
          : json({ depth: 4, unit: text.includes('The mean') ? 'metres' : '?' }),
    },
    { tasks: [typed] as never },
  );
  const { output, events, findings } = await traced(crew.start());
  expect(findings).toEqual([]);
  expect(output?.parsed).toEqual({ depth: 4, unit: 'metres' });
  expect(events.find(({ type }) => type === 'decision.end')).toMatchObject({
    winner: null,
    reason: 'The mean',
  });
});

test('typed answers vote by being equal, whatever the order of their keys', async () => {
  const { crew, llm } = crewOf(
    {
      Ann: () => json({ depth: 3, unit: 'm' }),
      Bob: () => json({ depth: 7, unit: 'm' }),
      Cid: () => json({ unit: 'm', depth: 7 }),
    },
    { decide: 'vote', tasks: [plain] as never },
  );
  const { output, events, findings } = await traced(crew.start());
  expect(findings).toEqual([]);
  expect(output?.parsed).toEqual({ depth: 7, unit: 'm' });
  const end = events.find((event) => event.type === 'decision.end');
  expect(end?.type === 'decision.end' && Object.values(end.tally!).toSorted()).toEqual([1, 2]);
  expect(llm.requests).toHaveLength(3);
});

test('texts are voted on, and of a tie the agent that the crew lists first wins', async () => {
  const texts = { Ann: 'Petrel', Bob: 'Gannet', Cid: 'Tern' };
  const run = async (votes: readonly string[]) => {
    const parts = Object.entries(texts).map(([name, text], index) => [
      name,
      voter(text, letterOf(votes[index]!)),
    ]);
    const { output, events, findings } = await traced(
      crewOf(Object.fromEntries(parts), { decide: 'vote' }).crew.start(),
    );
    expect(findings).toEqual([]);
    const end = events.find((event) => event.type === 'decision.end');
    return [output?.text, end?.type === 'decision.end' ? Object.values(end.tally!).toSorted() : []];
  };
  expect(await run(['Tern', 'Tern', 'Petrel'])).toEqual(['Tern', [1, 2]]);
  expect(await run(['Tern', 'Gannet', 'Petrel'])).toEqual(['Petrel', [1, 1, 1]]);
});

test('letters say nothing of who answered, and are the same whenever the same run is repeated', () => {
  const answers = NAMES.map((name) => ({ text: name }) as Finished);
  const lettersOf = (seed: string) => label(answers, seed).map((one) => one.label);
  const orders = new Map<string, number>();
  for (let number = 0; number < 600; number++) {
    const order = lettersOf(`run-${number}/name/decision`);
    expect(lettersOf(`run-${number}/name/decision`)).toEqual(order);
    orders.set(order.join(''), (orders.get(order.join('')) ?? 0) + 1);
  }
  expect(orders.size).toBe(6);
  for (const count of orders.values()) expect(count).toBeGreaterThan(50); // of 100 each
});

test('a function decides by place; what is no place is an error', async () => {
  const parts = Object.fromEntries(NAMES.map((name) => [name, () => `by ${name}`]));
  const seen: unknown[] = [];
  const decide = (at: number) => (candidates: readonly { agent: string }[]) => {
    seen.push(candidates.map(({ agent }) => agent));
    return at;
  };
  expect((await crewOf(parts, { decide: decide(2) }).crew.kickoff()).text).toBe('by Cid');
  expect(seen).toEqual([NAMES]);
  const bad = await traced(crewOf(parts, { decide: decide(3) }).crew.start());
  expect(bad.findings).toEqual([]);
  expect(bad.error).toMatchObject({
    code: 'consensus/bad-decision',
    details: { task: 'name', decision: '3' },
  });
});

test('failures do not sink a task that has its quorum, and do without it', async () => {
  const broken = () => ({ error: new Error('seasick') });
  const parts = { Ann: broken, Bob: voter('Gannet', () => 'A'), Cid: voter('Tern', () => 'A') };
  const enough = await traced(crewOf(parts, { decide: () => 1 }).crew.start());
  expect(enough.findings).toEqual([]);
  expect(enough.output?.text).toBe('Tern');
  const all = await traced(crewOf(parts, { decide: () => 1, quorum: 3 }).crew.start());
  expect(all.findings).toEqual([]);
  expect(all.error).toMatchObject({
    code: 'consensus/no-quorum',
    details: { answered: 2, quorum: 3, failed: [{ agent: 'Ann' }] },
    cause: { message: 'seasick' },
  });
});

test("a task's own agents answer alone, and an agent alone is not decided on", async () => {
  const parts = Object.fromEntries(NAMES.map((name) => [name, () => `by ${name}`]));
  const { agents, llm } = crewOf(parts, { decide: () => 0 });
  const pair = new Task({ name: 'pair', description: 'x', expectedOutput: 'y', agents: agents.slice(1) });
  const single = new Task({
    name: 'single',
    description: 'x',
    expectedOutput: 'y',
    agent: agents[2]!,
    context: [],
  });
  const crew = new Crew({ process: 'consensus', agents, tasks: [pair, single], decide: () => 0 });
  const { output, events, findings } = await traced(crew.start());
  expect(findings).toEqual([]);
  expect(output?.tasks.map(({ text }) => text)).toEqual(['by Bob', 'by Cid']);
  expect(events.filter(({ type }) => type === 'decision.start')).toHaveLength(1);
  expect(llm.requests).toHaveLength(3);
});

test('a run that is cancelled in any phase ends every span once', async () => {
  for (const type of ['agent.start', 'agent.end', 'decision.start'] as const) {
    const parts = Object.fromEntries(NAMES.map((name) => [name, voter(name, () => 'A')]));
    const { crew } = crewOf(parts, { decide: 'vote' });
    const run = crew.start({ callbacks: [(event) => event.type === type && run.cancel('enough')] });
    const { findings, error } = await traced(run);
    expect(findings, type).toEqual([]);
    expect(error, type).toMatchObject({ code: 'run/cancelled' });
  }
});

test('what cannot work is refused when the crew is made', () => {
  const llm = played({});
  const [ann, bob] = NAMES.map((role) => new Agent({ role, goal: 'Answer', llm }));
  const both = new Task({ description: 'x', expectedOutput: 'y', agents: [ann!, bob!] });
  const make = (options: object) => () =>
    new Crew({ agents: [ann!], tasks: [task], process: 'consensus', ...options } as CrewOptions<Task[]>);
  expect(make({})).toThrow(/needs a manager/);
  expect(make({ decide: 'dice' })).toThrow(/decide must be/);
  expect(make({ decide: 'vote', quorum: 2 })).toThrow(/quorum is 2, and the crew has 1/);
  expect(make({ decide: 'vote', tasks: [both] })).toThrow(/holds "Bob", who is not in agents/);
  expect(make({ process: 'hierarchical', managerLlm: llm, tasks: [both], agents: [ann!, bob!] })).toThrow(
    /for the process "consensus"/,
  );
});

test('candidates stand in the order of the crew, whoever answers first', async () => {
  const gate = createGate();
  const parts = {
    Ann: async () => {
      await gate.pass();
      return 'by Ann';
    },
    Bob: () => ({ error: new Error('seasick') }),
    Cid: () => 'by Cid',
  };
  const seen: string[] = [];
  const decide = (candidates: readonly { readonly agent: string; readonly text: string }[]) => {
    seen.push(...candidates.map(({ agent, text }) => `${agent}: ${text}`));
    return 0;
  };
  const { crew } = crewOf(parts, { decide });
  const run = crew.start({
    callbacks: [({ type, agent }) => type === 'agent.end' && agent === 'Cid' && gate.open()],
  });
  const { output, findings } = await traced(run);
  expect(findings).toEqual([]);
  expect(output?.text).toBe('by Ann');
  expect(seen).toEqual(['Ann: by Ann', 'Cid: by Cid']);
});

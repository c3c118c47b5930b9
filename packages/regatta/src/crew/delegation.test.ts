import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, Crew, defineTool, Task } from '../index.ts';
import type { Asked } from '../testing/played.fixture.ts';
import { outline, played, traced } from '../testing/played.fixture.ts';

const soundings = defineTool({
  name: 'soundings',
  description: 'Gives the depth at a place.',
  input: z.object({ place: z.string() }),
  execute: ({ place }, { task, agent }) => `7 m at ${place} (${task}, ${agent})`,
});

const ask = (coworker: string, task: string, context = '') => ({
  toolCalls: [{ tool: 'delegate_work', args: { coworker, task, context } }],
});

const plot = (agent: Agent) =>
  new Task({ name: 'plot', description: 'Plot a course', expectedOutput: 'A course', agent });

test('a coworker works in its own loop, with its own tools and callbacks, and is billed to the task and to itself', async () => {
  const heard: string[] = [];
  const llm = played({
    Skipper: ({ results }) =>
      results.length === 0
        ? ask(' "pilot" ', 'Sound the bar', 'Draught is 3 m')
        : `Course over the bar: ${results[0]}`,
    Pilot: ({ results, all }) =>
      results.length === 0
        ? { toolCalls: [{ tool: 'soundings', args: { place: 'the bar' } }] }
        : `${results[0]}; told: ${/Draught is 3 m/.test(all)}`,
  });
  const skipper = new Agent({ role: 'Skipper', goal: 'Arrive', llm, allowDelegation: true });
  const pilot = new Agent({
    role: 'Pilot',
    goal: 'Know the harbour',
    llm,
    tools: [soundings],
    callbacks: [({ type }) => heard.push(type)],
  });
  const crew = new Crew({ agents: [skipper, pilot], tasks: [plot(skipper)] });

  const { output, events, findings, usage } = await traced(crew.start());

  expect(findings).toEqual([]);
  expect(output?.text).toBe('Course over the bar: 7 m at the bar (plot, Pilot); told: true');
  expect(outline(events, ['tool', 'delegation', 'agent'])).toEqual([
    'agent.start Skipper',
    'tool.start Skipper',
    'delegation.start Skipper',
    'agent.start Pilot',
    'tool.start Pilot',
    'tool.end Pilot',
    'agent.end Pilot',
    'delegation.end Skipper',
    'tool.end Skipper',
    'agent.end Skipper',
  ]);
  expect(events.find(({ type }) => type === 'delegation.start')).toMatchObject({
    coworker: 'Pilot',
    kind: 'work',
    instructions: 'Sound the bar',
    task: 'plot',
  });
  expect([usage.byTask.plot?.calls, usage.byAgent.Skipper?.calls, usage.byAgent.Pilot?.calls]).toEqual([
    4, 2, 2,
  ]);
  expect(heard.filter((type) => type === 'model.end')).toHaveLength(2);
});

test('both tools list only whom the agent may ask, told apart where roles are the same', async () => {
  const llm = played({
    Skipper: ({ request, results }) =>
      results.length === 0
        ? {
            toolCalls: [
              { tool: 'ask_question', args: { coworker: 'Crew (2)', question: 'Ready?', context: '' } },
            ],
          }
        : `${request.tools.map(({ name }) => name)}|${request.tools[0]?.description}|${results[0]}`,
    Crew: ({ request }) => `aye, ${/Your goal: (.*)/.exec(String(request.messages[0]?.content))?.[1]}`,
  });
  const deckhands = ['Pull ropes', 'Cook'].map((goal) => new Agent({ role: 'Crew', goal, llm }));
  const owner = new Agent({ role: 'Owner', goal: 'Pay', llm });
  const skipper = new Agent({
    role: 'Skipper',
    goal: 'Arrive',
    llm,
    allowDelegation: true,
    allowedDelegates: ['crew', deckhands[1]!],
  });
  const { output, findings } = await traced(
    new Crew({ agents: [skipper, ...deckhands, owner], tasks: [plot(skipper)] }).start(),
  );
  expect(findings).toEqual([]);
  expect(output?.text).toMatch(
    /^delegate_work,ask_question\|.*- Crew: Pull ropes\n- Crew \(2\): Cook\|aye, Cook$/s,
  );
  expect(output?.text).not.toContain('Owner');
});

test('nobody, oneself and whoever is not listed are tool errors, and nobody is asked', async () => {
  const llm = played({
    Skipper: ({ results }) =>
      ['Captain', 'Skipper', 'Owner'].map((name) => ask(name, 'Steer'))[results.length] ?? results.join('\n'),
  });
  const others = ['Mate', 'Owner'].map((role) => new Agent({ role, goal: 'Be there', llm }));
  const skipper = new Agent({
    role: 'Skipper',
    goal: 'Arrive',
    llm,
    allowDelegation: true,
    allowedDelegates: ['Mate'],
  });
  const { output, events, findings } = await traced(
    new Crew({ agents: [skipper, ...others], tasks: [plot(skipper)] }).start(),
  );
  expect(findings).toEqual([]);
  expect(output?.text.split('\n')).toEqual([
    'There is no coworker "Captain" whom you may ask. Name one of: Mate.',
    '"Skipper" waits for this answer already: Skipper. Do it yourself, or ask another of: Mate.',
    'There is no coworker "Owner" whom you may ask. Name one of: Mate.',
  ]);
  const codes = events.flatMap((event) => (event.type === 'tool.end' ? [event.error?.code] : []));
  expect(codes).toEqual(['delegation/unknown-coworker', 'delegation/cycle', 'delegation/unknown-coworker']);
  expect(events.filter(({ type }) => type === 'delegation.start')).toEqual([]);
});

test('a coworker that fails is a tool error to whoever asked, who may go on', async () => {
  const llm = played({
    Skipper: ({ results }) => (results.length === 0 ? ask('Mate', 'Steer') : `alone: ${results[0]}`),
    Mate: () => ({ error: new Error('overboard') }),
  });
  const skipper = new Agent({ role: 'Skipper', goal: 'Arrive', llm, allowDelegation: true });
  const mate = new Agent({ role: 'Mate', goal: 'Help', llm });
  const { output, events, findings } = await traced(
    new Crew({ agents: [skipper, mate], tasks: [plot(skipper)] }).start(),
  );
  expect(findings).toEqual([]);
  expect(output?.text).toMatch(/^alone: Coworker "Mate" failed: .*overboard/);
  expect(events.find(({ type }) => type === 'tool.end')).toMatchObject({
    error: { code: 'delegation/failed' },
  });
});

test('cancellation and budgets reach into a coworker', async () => {
  const llm = played({
    Skipper: ({ results }) => (results.length === 0 ? ask('Mate', 'Steer') : 'done'),
    Mate: () => new Promise<string>(() => undefined),
  });
  const skipper = new Agent({ role: 'Skipper', goal: 'Arrive', llm, allowDelegation: true });
  const mate = new Agent({ role: 'Mate', goal: 'Help', llm });
  const crew = new Crew({ agents: [skipper, mate], tasks: [plot(skipper)] });
  const run = crew.start({
    callbacks: [({ type, agent }) => type === 'model.start' && agent === 'Mate' && run.cancel('enough')],
  });
  const cancelled = await traced(run);
  expect(cancelled.findings).toEqual([]);
  expect(cancelled.error).toMatchObject({ code: 'run/cancelled' });
  expect(cancelled.events.find(({ type }) => type === 'delegation.end')).toMatchObject({
    error: { code: 'run/cancelled' },
  });
  const broke = await traced(crew.start({ budget: { calls: 1 } }));
  expect(broke.findings).toEqual([]);
  expect(broke.error).toMatchObject({ code: 'budget/exceeded' });
  expect(broke.usage.calls).toBe(1);
});

test('for any wishes of any agents, nobody is asked who waits already, and work is handed on at most so often', async () => {
  const names = ['A', 'B', 'C', 'D', 'E'];
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.array(fc.constantFrom(...names), { maxLength: 2 }), { minLength: 5, maxLength: 5 }),
      async (maxDelegationDepth, wishes) => {
        const play =
          (wanted: readonly string[]) =>
          ({ results, request }: Asked) => {
            const next = wanted[results.length];
            return next === undefined || request.tools.length === 0 ? 'done' : ask(next, 'Help');
          };
        const llm = played(Object.fromEntries(names.map((name, index) => [name, play(wishes[index]!)])));
        const agents = names.map((role) => new Agent({ role, goal: 'Help', llm, allowDelegation: true }));
        const crew = new Crew({ agents, tasks: [plot(agents[0]!)], maxDelegationDepth });
        const { events, findings, output } = await traced(crew.start());
        expect(findings).toEqual([]);
        expect(output?.text).toBe('done');
        const parents = new Map(events.map(({ spanId, parentId }) => [spanId, parentId]));
        const agentOf = new Map(
          events.flatMap((event) => (event.type === 'agent.start' ? [[event.spanId, event.agent]] : [])) as [
            string,
            string,
          ][],
        );
        for (const spanId of agentOf.keys()) {
          const chain: string[] = [];
          for (let at: string | null | undefined = spanId; at; at = parents.get(at)) {
            const agent = agentOf.get(at);
            if (agent !== undefined) chain.push(agent);
          }
          expect(new Set(chain).size).toBe(chain.length);
          expect(chain.length - 1).toBeLessThanOrEqual(maxDelegationDepth);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('what cannot work is refused when the crew is made', () => {
  const llm = played({});
  const mine = defineTool({
    name: 'ask_question',
    description: 'Mine',
    input: z.object({}),
    execute: () => '',
  });
  const mate = new Agent({ role: 'Mate', goal: 'Help', llm });
  const skipper = new Agent({
    role: 'Skipper',
    goal: 'Arrive',
    llm,
    tools: [mine],
    allowDelegation: true,
    allowedDelegates: ['Mtae'],
  });
  const shy = new Agent({ role: 'Shy', goal: 'Wait', llm, allowedDelegates: [mate] });
  const make = () =>
    new Crew({ agents: [skipper, mate, shy], tasks: [plot(skipper)], maxDelegationDepth: -1 });
  expect(make).toThrow(
    /maxDelegationDepth must be.*names "Mtae".*allowDelegation is not.*holds "ask_question"/s,
  );
});
